//! Columns of Arrow arrays.
//!
//! Two passes, both on all cores and without the interpreter: the first adds up what the rows of each block become, so that each block's place in
//! the new array is known; the second reads the values where they lie and writes what becomes of them, with its offsets, where it stays.

use std::ops::Range;

use fortress::Context;
use pyo3::prelude::*;

use super::{
    blocks::{BLOCK, Block, Column, Converted, Work, thread_ended},
    contexts::Planned,
};
use crate::{
    arrow::{AllRows, Room},
    columns::Cell,
    cores::{cores, run_all},
    failure::Failure,
};

/// What the rows of a block become.
#[derive(Clone, Copy, Default)]
pub(super) struct Size {
    /// Rows that have a value.
    pub(super) values: usize,
    pub(super) bytes: usize,
}

/// What all rows become, block by block.
pub(super) fn measure(rows: &AllRows<'_>, work: &impl Work) -> Result<Vec<Size>, Failure> {
    let mut sizes = vec![Size::default(); rows.len().div_ceil(BLOCK)];
    let of_one = sizes.len().div_ceil(cores()).max(WORTH_A_THREAD);
    let job = |(index, sizes): (usize, &mut [Size])| {
        for (block, size) in (index * of_one..).zip(sizes) {
            let start = block * BLOCK;
            *size = measured(rows, start..rows.len().min(start + BLOCK), work)?;
        }
        Ok(())
    };
    let jobs = sizes.chunks_mut(of_one).enumerate().map(|part| || job(part)).collect();
    run_all(jobs, thread_ended())?;
    Ok(sizes)
}

/// What some rows become. A value that cannot be converted takes no room, and is named by the second pass.
fn measured(rows: &AllRows<'_>, range: Range<usize>, work: &impl Work) -> Result<Size, Failure> {
    let mut size = Size::default();
    rows.visit(range, |cell| {
        if let Some(cell) = cell {
            size.values += 1;
            size.bytes += work.output_len(cell).unwrap_or_default();
        }
        Ok(())
    })?;
    Ok(size)
}

/// What all of them become together, if memory can hold so much.
pub(super) fn total(sizes: &[Size]) -> Option<Size> {
    let add = |all: Size, size: &Size| {
        let bytes = all.bytes.checked_add(size.bytes).filter(|&bytes| bytes <= isize::MAX as usize)?;
        Some(Size { values: all.values + size.values, bytes })
    };
    sizes.iter().try_fold(Size::default(), add)
}

/// Blocks that are measured in the time in which a thread is started.
const WORTH_A_THREAD: usize = 32;

/// Arrays and the array that they become.
pub(super) struct Arrays<'a> {
    pub(super) rows: &'a AllRows<'a>,
    pub(super) sizes: Vec<Size>,
    pub(super) room: Room<'a>,
}

impl<'a> Column for Arrays<'a> {
    type Block = Rows<'a>;

    fn block(&mut self, range: Range<usize>, _: &impl Work) -> PyResult<Rows<'a>> {
        let size = self.sizes.get(range.start / BLOCK).copied().unwrap_or_default();
        let room = self.room.split_off(range.len(), size.bytes).ok_or_else(changed)?;
        Ok(Rows { rows: self.rows, range, values: size.values, room })
    }

    fn take(&mut self, (): ()) -> PyResult<()> {
        Ok(())
    }
}

/// Some rows.
pub(super) struct Rows<'a> {
    rows: &'a AllRows<'a>,
    range: Range<usize>,
    values: usize,
    room: Room<'a>,
}

impl Block for Rows<'_> {
    type Aside = ();

    fn values(&self) -> usize {
        self.values
    }

    fn convert(
        self,
        work: &impl Work,
        contexts: &Planned<'_>,
        mut convert: impl FnMut(Cell<'_>, &Context, &mut [u8]) -> Result<(), Failure>,
    ) -> Result<Converted<()>, Failure> {
        let Rows { rows, range, values, mut room } = self;
        let (mut failures, mut row, mut seen) = (Vec::new(), 0, 0);
        rows.visit(range, |cell| {
            if let Some(cell) = cell {
                let converted = match work.output_len(cell) {
                    Ok(len) => {
                        let out = room.of_value(len).ok_or_else(changed)?;
                        contexts.of(row).and_then(|context| convert(cell, &context, out))
                    }
                    Err(error) => room.of_value(0).ok_or_else(changed).and(Err(error.into())),
                };
                failures.extend(converted.err().map(|failure| (row, failure)));
                seen += 1;
            } else {
                room.nothing().ok_or_else(changed)?;
            }
            row += 1;
            Ok(())
        })?;
        // Each row has its own share of the room, and nobody has what is left of it.
        if seen == values && room.is_full() { Ok(Converted { aside: (), failures }) } else { Err(changed()) }
    }
}

#[cold]
fn changed() -> Failure {
    Failure::argument("the Arrow array changed while it was read")
}
