//! The cell process's side: a filter between the process that runs the cells and evcxr.
//!
//! evcxr starts this executable to run cells. That process becomes the [`filter`]; it starts the executable
//! once more for the cells themselves, reads everything they write ([`splitter`]), and sends it to the
//! front as [`event`]s while the cell runs. Only the lines that evcxr's own loop needs go on to evcxr.
//! Before that, [`cargo`] stands between evcxr and cargo, and [`compile`] between cargo and rustc: it leaves out
//! of a cell's program what the cell does not need ([`slim`]), and what is the same in all of them ([`store`]), and has
//! what a cell made survive its failure ([`keep`]), and its loops look for an interrupt ([`polls`]).

pub mod added;
pub mod cargo;
pub mod compile;
mod crates;
pub mod event;
pub mod filter;
mod given;
pub mod graph;
pub mod hash;
mod held;
mod input;
mod interface;
mod items;
pub mod keep;
mod lasting;
mod macros;
mod plan;
mod polls;
mod program;
pub mod slim;
mod splitter;
mod stale;
mod statics;
mod store;
mod traits;
mod types;
#[path = "../programs/store.rs"]
mod variables;
