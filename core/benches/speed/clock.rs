//! Competitors in turns: whatever slows the machine slows all of them.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use crate::report::{Group, Row};

const ROUNDS: usize = 400;
/// Fewer are enough where one takes long, for then interruptions weigh less.
const FEWEST_ROUNDS: usize = 11;
const CONTEST: Duration = Duration::from_secs(2);
/// Much shorter than the time that the system gives a process at once, so that most turns are not interrupted.
const TURN: Duration = Duration::from_micros(250);

type Work<'c> = Box<dyn FnMut() + 'c>;

/// Competitors that do the same work; the first one is what the others are compared with.
pub(crate) struct Contest<'c> {
    title: &'static str,
    bytes: usize,
    competitors: Vec<(&'static str, Work<'c>)>,
}

impl<'c> Contest<'c> {
    /// One call of each competitor handles `bytes`, by what the title says.
    pub(crate) fn new(title: &'static str, bytes: usize) -> Contest<'c> {
        Contest { title, bytes, competitors: Vec::new() }
    }

    pub(crate) fn enter(&mut self, name: &'static str, work: impl FnMut() + 'c) {
        self.competitors.push((name, Box::new(work)));
    }

    /// Runs all of them, and tells each one's time where nothing disturbed it.
    pub(crate) fn run(mut self) -> Group {
        let calls: Vec<u32> = self.competitors.iter_mut().map(|(_, work)| calls_per_turn(work)).collect();
        let mut turns = vec![Vec::with_capacity(ROUNDS); calls.len()];
        let start = Instant::now();
        for round in 0..ROUNDS {
            if round >= FEWEST_ROUNDS && start.elapsed() > CONTEST {
                break;
            }
            for (((_, work), &calls), turns) in self.competitors.iter_mut().zip(&calls).zip(&mut turns) {
                turns.push(time(work, calls).as_secs_f64() / f64::from(calls));
            }
        }
        let times = self.competitors.iter().zip(turns);
        let rows = times.map(|((name, _), turns)| Row { name, seconds: undisturbed(turns) }).collect();
        Group { title: self.title, bytes: self.bytes, rows }
    }
}

fn calls_per_turn(work: &mut dyn FnMut()) -> u32 {
    let mut calls = 1;
    while time(work, calls) < TURN {
        calls *= 2;
    }
    calls
}

fn time(work: &mut dyn FnMut(), calls: u32) -> Duration {
    let start = Instant::now();
    for _ in 0..calls {
        black_box(&mut *work)();
    }
    start.elapsed()
}

/// The first decile: a shared machine only ever adds to a time.
fn undisturbed(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 10]
}
