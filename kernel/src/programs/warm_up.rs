// Looks up the type of a variable, and leaves none: the first such request takes rust-analyzer seconds.
let cuaderno_warm = cuaderno::Error::new(cuaderno::ErrorKind::File, "");
drop(cuaderno_warm);
