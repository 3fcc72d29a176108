//! `fortress`: encrypts files and values on the command line.

fn main() {}
