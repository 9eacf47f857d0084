//! The kernel that Jupyter talks to: it binds the ports, runs the inner kernel `evcxr_jupyter`, and publishes
//! what the cells do while they do it.

mod ansi;
mod assist;
mod builds;
mod busy;
mod cells;
mod clash;
mod complete;
mod connection;
mod execute;
mod expand;
mod follow;
mod history;
mod hub;
mod info;
mod inner;
mod input;
mod interrupt;
mod lazy;
mod lost;
mod magic;
mod place;
mod report;
mod rewrite;
mod serve;
mod shell;
mod shell_line;
mod startup;
mod unfinished;
mod unkept;
mod watch;

pub use ansi::strip_ansi;
pub use connection::Connection;
pub use info::language_info;
pub use serve::run;
