//! Where the code runs: in a cell of our kernel, in a cell of a plain `evcxr_jupyter`, or elsewhere.

use std::sync::OnceLock;

/// Where output goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A cell of the `cuaderno` kernel, which shows and updates while the cell runs.
    Kernel,
    /// A cell of a plain `evcxr_jupyter`, which shows pictures when the cell ends and keeps one of them.
    Evcxr,
    /// A test, a script, an example.
    Elsewhere,
}

/// The place, looked up once: a process does not move.
pub fn place() -> Place {
    static PLACE: OnceLock<Place> = OnceLock::new();
    *PLACE.get_or_init(|| {
        let is_set = |name| std::env::var_os(name).is_some();
        match (is_set("EVCXR_IS_RUNTIME"), is_set("CUADERNO_KERNEL")) {
            (true, true) => Place::Kernel,
            (true, false) => Place::Evcxr,
            (false, _) => Place::Elsewhere,
        }
    })
}
