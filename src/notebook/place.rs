//! Detection of the front end: a cell of the `cuaderno` kernel, a cell of a plain `evcxr_jupyter`, or neither.

use std::sync::OnceLock;

/// The destination of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A cell of the `cuaderno` kernel, which shows and updates output while the cell runs.
    Kernel,
    /// A cell of a plain `evcxr_jupyter`, which shows only the last image, when the cell ends.
    Evcxr,
    /// A test, a script, an example.
    Elsewhere,
}

/// The destination of this process's output, determined once.
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
