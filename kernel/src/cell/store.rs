//! The store of variables, compiled once for all cells.

use super::hash::Fnv;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::UNIX_EPOCH;

/// The store's text and the name of its crate.
pub const TEXT: &str = include_str!("../programs/store.rs");
pub const CRATE: &str = "cuaderno_cells";

/// Its path, below evcxr's crate.
const FOLDER: &str = "cuaderno-store";

/// The library with the store, compiled as this cell is, below the folder of evcxr's crate. `None` where that cannot
/// be had: the cell's own program then holds the text.
pub fn library(root: &Path, compiler: &OsStr, args: &[OsString]) -> Option<PathBuf> {
    let flags = flags(args);
    let folder = root.join(FOLDER);
    let library = folder.join(format!("lib{CRATE}-{:016x}.rlib", key(compiler, &flags)?));
    if !library.is_file() {
        std::fs::create_dir_all(&folder).ok()?;
        let source = folder.join("store.rs");
        std::fs::write(&source, TEXT).ok()?;
        // It takes its name when it is complete.
        let fresh = folder.join("fresh.rlib");
        let compiled = Command::new(compiler)
            .args(["--crate-name", CRATE, "--crate-type", "rlib", "--edition=2024"])
            .args(&flags)
            .arg("-o")
            .args([&fresh, &source])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .ok()?;
        if !compiled.success() {
            return None;
        }
        std::fs::rename(&fresh, &library).ok()?;
    }
    Some(library)
}

/// The flags of a cell's compilation that the store must share with it: target, profile, and what the user has set.
pub fn flags(args: &[OsString]) -> Vec<OsString> {
    let own = ["incremental=", "metadata=", "extra-filename=", "link-arg", "rpath", "strip="];
    let mut flags = Vec::new();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let text = arg.to_string_lossy();
        let (name, joined) = text.split_at_checked(2).unwrap_or((&text, ""));
        let value = match (name, joined) {
            ("-C" | "-Z", "") => rest.next().cloned(),
            ("-C" | "-Z", value) => Some(value.into()),
            ("--", "target") => {
                flags.extend([Some(arg.clone()), rest.next().cloned()].into_iter().flatten());
                continue;
            }
            _ => continue,
        };
        let Some(value) = value else { continue };
        let text = value.to_string_lossy();
        if !own.iter().any(|own| text.starts_with(own)) {
            flags.extend([name.into(), value]);
        }
    }
    flags
}

/// The key of a library that serves a cell: the compiler, the flags, the text.
fn key(compiler: &OsStr, flags: &[OsString]) -> Option<u64> {
    let made = std::fs::metadata(compiler).and_then(|meta| meta.modified()).ok()?;
    let mut hash = Fnv::default();
    hash.add(compiler.as_encoded_bytes());
    hash.add(&made.duration_since(UNIX_EPOCH).ok()?.as_nanos().to_le_bytes());
    flags.iter().for_each(|flag| hash.add(flag.as_encoded_bytes()));
    hash.add(TEXT.as_bytes());
    Some(hash.0)
}

#[cfg(test)]
mod tests {
    use super::super::variables::{VariableStore, create_variable_store, nameable};
    use super::*;
    use std::panic::AssertUnwindSafe;

    fn args(text: &str) -> Vec<OsString> {
        text.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn the_store_is_compiled_as_the_cell_is() {
        let cell = "--crate-name ctx --edition=2024 src/lib.rs --crate-type cdylib --emit=dep-info,link \
                    -C opt-level=3 -C metadata=6f -C rpath --out-dir x --target t -C incremental=i \
                    -L dependency=y --extern a=b -Cprefer-dynamic -Clink-arg=-fuse-ld=lld -Zthreads=2 é";
        let expected = "-C opt-level=3 --target t -C prefer-dynamic -Z threads=2";
        assert_eq!(flags(&args(cell)), args(expected));
        assert_eq!(flags(&args("-C")), args("")[..0]);
    }

    #[test]
    fn it_is_compiled_once_and_again_for_other_flags() {
        let root = std::env::temp_dir().join(format!("cuaderno-store-{}", std::process::id()));
        let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output().unwrap();
        let sysroot = String::from_utf8(sysroot.stdout).unwrap();
        let compiler = Path::new(sysroot.trim()).join("bin/rustc");
        let library = |flags: &str| library(&root, compiler.as_os_str(), &args(flags));
        let first = library("-C opt-level=3").unwrap();
        let made = |path: &Path| std::fs::metadata(path).unwrap().modified().unwrap();
        let time = made(&first);
        assert_eq!(library("-C opt-level=3 -C metadata=x"), Some(first.clone()));
        assert_eq!(made(&first), time);
        assert_ne!(library("-C opt-level=0").unwrap(), first);
        assert_eq!(library("-C no-such-flag"), None);
        std::fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_type_is_named_as_a_cell_may_name_it() {
        use std::any::type_name;
        use std::collections::HashMap;
        struct Own;
        for (full, name) in [
            (type_name::<i32>(), "i32"),
            (type_name::<(&str, [f32; 3])>(), "(&str, [f32; 3])"),
            (type_name::<Option<Own>>(), "::std::option::Option<Own>"),
            ("alloc::vec::Vec<ctx::Point>", "::std::vec::Vec<Point>"),
            ("crate_a::inner::Model<core::time::Duration>", "Model<::std::time::Duration>"),
        ] {
            assert_eq!(nameable(full), name);
        }
        // The written code must compile, wherever the standard library keeps it.
        let map: ::std::collections::HashMap<u8, ::std::string::String> = HashMap::new();
        assert!(
            nameable(type_name_of(&map))
                .starts_with("::std::collections::HashMap<u8, ::std::string::String")
        );
    }

    fn type_name_of<T>(_: &T) -> &'static str {
        std::any::type_name::<T>()
    }

    #[test]
    fn what_variables_may_hold_is_noted_once() {
        const PARTS: &[(&str, u64)] = &[("A", 1), ("B", 2)];
        const KNOWN: &[super::super::variables::Known] =
            &[("a", PARTS, true, PARTS), ("b", PARTS, true, PARTS)];
        let mut store = VariableStore::new();
        store.begin_cell(PARTS, KNOWN);
        store.put_variable("a", 0u8);
        store.put_variable("b", 0u8);
        let start = std::time::Instant::now();
        for _ in 0..40 {
            store.begin_cell(PARTS, KNOWN);
            let (a, b) = (store.take_variable::<u8>("a"), store.take_variable::<u8>("b"));
            store.put_variable("a", a + 1);
            store.put_variable("b", b + 1);
        }
        assert_eq!(store.take_variable::<u8>("a"), 40);
        assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    }

    #[test]
    fn variables_are_kept_checked_and_given_back() {
        let mut store = VariableStore::new();
        store.put_variable("a", vec![1, 2]);
        store.put_variable("b", 2.5);
        assert!(store.check_variable::<Vec<i32>>("a"));
        assert!(!store.check_variable::<String>("a"));
        assert!(!store.check_variable::<String>("unknown"), "it cannot be taken");
        store.put_variable("a", "again".to_string());
        assert_eq!(store.take_variable::<String>("a"), "again");
        let mut other = VariableStore::new();
        other.put_variable("b", 3.5);
        store.merge(other);
        assert_eq!(store.take_variable::<f64>("b"), 3.5);
        assert_eq!(*store.lazy_arc("c", || 7), 7);
        assert_eq!(*store.lazy_arc("c", || 8), 7);
        let gone = std::panic::catch_unwind(AssertUnwindSafe(|| store.take_variable::<f64>("b")));
        assert!(gone.unwrap_err().downcast_ref::<String>().unwrap().contains("'b'"));
        let store = create_variable_store();
        // SAFETY: the pointer has just come from a `Box`.
        drop(unsafe { Box::from_raw(store) });
    }
}
