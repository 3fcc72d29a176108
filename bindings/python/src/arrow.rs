//! Arrow arrays, in and out through the C data interface and its PyCapsule protocol
//! (arrow.apache.org/docs/format/CDataInterface.html): values are read where they lie.

mod abi;
mod export;
mod import;
mod lent;
mod room;

pub(crate) use export::{ArrowColumn, ColumnBuilder};
pub(crate) use import::{AllRows, Imported};
pub(crate) use lent::Lender;
pub(crate) use room::Room;
