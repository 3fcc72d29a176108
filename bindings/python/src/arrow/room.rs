//! The room of an array's rows, which many threads fill at once, each its own part.

/// Room for the rows that follow those which have theirs.
pub(crate) struct Room<'a> {
    /// A bit for each row, zero so far; nothing where all rows have a value.
    validity: Option<&'a mut [u8]>,
    /// Where the value of each row ends.
    ends: Offsets<'a>,
    data: &'a mut [u8],
    /// Rows that have their room.
    row: usize,
    /// Where the values of those end.
    end: usize,
}

/// Offsets: our own, or of 32 or 64 bits in memory that is lent, which is of bytes.
pub(super) enum Offsets<'a> {
    Own(&'a mut [i64]),
    Narrow(&'a mut [[u8; 4]]),
    Wide(&'a mut [[u8; 8]]),
}

impl<'a> Room<'a> {
    /// The room of all rows. There is one offset more than rows, and the first one is where the first value starts.
    pub(super) fn new(mut validity: Option<&'a mut [u8]>, mut offsets: Offsets<'a>, data: &'a mut [u8]) -> Room<'a> {
        if let Some(validity) = &mut validity {
            validity.fill(0);
        }
        offsets.set(0, 0);
        let _ = offsets.split_off(1);
        Room { validity, ends: offsets, data, row: 0, end: 0 }
    }

    /// Splits off the room of the next `rows`, of `bytes` in all; `None` if there is not so much. No row of this room has been filled itself, and all parts but
    /// the last one are of whole bytes of validity.
    pub(crate) fn split_off(&mut self, rows: usize, bytes: usize) -> Option<Room<'a>> {
        let validity = match &mut self.validity {
            Some(validity) => Some(validity.split_off_mut(..rows.div_ceil(8))?),
            None => None,
        };
        let (ends, data) = (self.ends.split_off(rows)?, self.data.split_off_mut(..bytes)?);
        let part = Room { validity, ends, data, row: 0, end: self.end };
        self.end += bytes;
        Some(part)
    }

    /// The next row has no value.
    pub(crate) fn nothing(&mut self) -> Option<()> {
        self.validity.as_ref()?;
        self.ends.set(self.row, self.end)?;
        self.row += 1;
        Some(())
    }

    /// Room for the value of the next row.
    pub(crate) fn of_value(&mut self, len: usize) -> Option<&'a mut [u8]> {
        let value = self.data.split_off_mut(..len)?;
        if let Some(validity) = &mut self.validity {
            *validity.get_mut(self.row / 8)? |= 1 << (self.row % 8);
        }
        self.end += len;
        self.ends.set(self.row, self.end)?;
        self.row += 1;
        Some(value)
    }

    /// Has all of it been given out?
    pub(crate) fn is_full(&self) -> bool {
        self.data.is_empty() && self.row == self.ends.len()
    }
}

impl<'a> Offsets<'a> {
    fn len(&self) -> usize {
        match self {
            Offsets::Own(offsets) => offsets.len(),
            Offsets::Narrow(offsets) => offsets.len(),
            Offsets::Wide(offsets) => offsets.len(),
        }
    }

    fn split_off(&mut self, count: usize) -> Option<Offsets<'a>> {
        Some(match self {
            Offsets::Own(offsets) => Offsets::Own(offsets.split_off_mut(..count)?),
            Offsets::Narrow(offsets) => Offsets::Narrow(offsets.split_off_mut(..count)?),
            Offsets::Wide(offsets) => Offsets::Wide(offsets.split_off_mut(..count)?),
        })
    }

    /// Writes an offset. Those of 32 bits are for values whose lengths add up to no more than that.
    fn set(&mut self, index: usize, offset: usize) -> Option<()> {
        match self {
            Offsets::Own(offsets) => *offsets.get_mut(index)? = offset as i64,
            Offsets::Narrow(offsets) => *offsets.get_mut(index)? = (offset as i32).to_ne_bytes(),
            Offsets::Wide(offsets) => *offsets.get_mut(index)? = (offset as i64).to_ne_bytes(),
        }
        Some(())
    }
}
