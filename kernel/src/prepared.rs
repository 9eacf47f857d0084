//! The prepared build folder: the library built once, exactly as evcxr builds it, for all sessions to start from.

use crate::failure::{Failure, Result};
use crate::folders::{self, Lock};
use crate::loader;
use crate::roles;
use crate::toolchain::{no_toolchain, on_path};
use sha2::{Digest, Sha256};
use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

/// The build profile of cells and what they use. evcxr writes a slower one into its manifest; these
/// variables override it. The user's own settings stand.
pub const PROFILE: [(&str, &str); 3] = [
    ("CARGO_PROFILE_DEV_OPT_LEVEL", "3"),
    ("CARGO_PROFILE_DEV_DEBUG_ASSERTIONS", "false"),
    ("CARGO_PROFILE_DEV_OVERFLOW_CHECKS", "false"),
];

/// Crates that take long to compile and little time in a notebook: records, downloads, color profiles. They are compiled at
/// level 1, here and in the library's own workspace.
const LIGHT: [&str; 8] = [
    "libsqlite3-sys",
    "moxcms",
    "pxfm",
    "rusqlite",
    "rustls",
    "rustls-webpki",
    "ureq",
    "ureq-proto",
];

/// This many prepared folders stay, those used last: every toolchain and every place of the library has one of its
/// own, of hundreds of megabytes.
const KEPT: usize = 3;

/// Files below this size are copied, not linked: cargo rewrites its small files in place, and a link
/// would let one session change them for all others.
const LINK_FROM: u64 = 256 * 1024;

/// The variables of the build profile that the user has not set.
pub fn profile() -> impl Iterator<Item = (&'static str, &'static str)> {
    PROFILE.into_iter().filter(|(name, _)| std::env::var_os(name).is_none())
}

/// The folder of the library's sources: the one that `CUADERNO_ROOT` names, else where it was when this command was
/// built, else beside the command, where a wheel puts it.
pub fn library() -> Option<PathBuf> {
    let sources = |folder: PathBuf| {
        folder.canonicalize().ok().filter(|folder| folder.join("Cargo.toml").is_file())
    };
    if let Some(root) = std::env::var_os("CUADERNO_ROOT") {
        return sources(PathBuf::from(root));
    }
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf);
    let installed = || Some(std::env::current_exe().ok()?.parent()?.join("../share/cuaderno"));
    built.and_then(sources).or_else(|| installed().and_then(sources))
}

/// The `:dep` line that a session starts with, the same as the notebooks' line once evcxr has made its path absolute.
pub fn dep_line(library: &Path) -> String {
    format!(":dep cuaderno = {{ path = \"{}\" }}", library.display())
}

/// The prepared folder, created or updated if needed. `say` gets a line for each step that takes time.
pub fn ensure(library: &Path, say: &mut dyn FnMut(&str)) -> Result<PathBuf> {
    let base = folders::cache()?.join("build");
    folders::create(&base)?;
    write_levels(&folders::cache()?)?;
    let folder = base.join(&key(library)?[..16]);
    let _lock = Lock::wait(&folder.with_extension("lock"))?;
    note_use(&folder);
    forget_old(&base, KEPT);
    let stamp_file = folder.join("cuaderno-stamp");
    let stamp = stamp(library);
    let whole = folder.join(crate::cell::cargo::GRAPH).is_file();
    if whole && fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) {
        return Ok(folder);
    }
    say("preparing the library for notebooks (once, some minutes)");
    folders::create(&folder)?;
    let _ = fs::remove_file(&stamp_file);
    let exe = std::env::current_exe().map_err(|e| Failure::new(e.to_string()))?;
    let built = roles::forget_package(&mut Command::new(&exe))
        .args([roles::PREPARE.as_ref(), library.as_os_str()])
        .env("EVCXR_TMPDIR", &folder)
        .envs(profile())
        .env(roles::COMPILE, &exe)
        // A wrapper of the user's, such as sccache, takes the stand-in for no compiler.
        .env("RUSTC_WRAPPER", "")
        .env(loader::LIBRARY_PATH, loader::library_path())
        .env_remove(roles::SOCKET)
        .current_dir(&folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .and_then(|mut child| {
            let mut last = Vec::new();
            if let Some(stderr) = child.stderr.take() {
                for line in std::io::BufRead::lines(std::io::BufReader::new(stderr)) {
                    let line = line?;
                    say(&line);
                    last.push(line);
                }
            }
            Ok((child.wait()?, last))
        })
        .map_err(|error| Failure::io(&folder, &error))?;
    if !built.0.success() {
        return Err(Failure::new(format!(
            "the library does not build for notebooks:\n{}",
            built.1.join("\n")
        ))
        .help("`cargo build` in its folder shows why"));
    }
    folders::write_private(&stamp_file, stamp.as_bytes())?;
    Ok(folder)
}

/// Builds the library in the folder that `EVCXR_TMPDIR` names, through evcxr itself, so that every flag is
/// the one a session uses. Runs in a process of its own (see `roles`).
pub fn build() -> std::result::Result<(), String> {
    let library = std::env::args().nth(2).ok_or("no folder of the library")?;
    let folder = std::env::var_os("EVCXR_TMPDIR").ok_or("EVCXR_TMPDIR is not set")?;
    let (mut context, outputs) = evcxr::CommandContext::new().map_err(|e| e.to_string())?;
    std::thread::spawn(move || outputs.stderr.iter().for_each(|line| eprintln!("{line}")));
    std::thread::spawn(move || outputs.stdout.iter().for_each(drop));
    pin_versions(Path::new(&library), Path::new(&folder)).map_err(|e| e.to_string())?;
    let code = format!("{}\nuse cuaderno;", dep_line(Path::new(&library)));
    context.execute(&code).map_err(|e| e.to_string())?;
    crate::cell::cargo::write_graph(Path::new(&folder), &host()?).map_err(|e| e.to_string())
}

/// The platform that the compiler runs on, which is the one that cells are built for.
fn host() -> std::result::Result<String, String> {
    let output = Command::new("rustc").arg("-vV").output().map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_string).ok_or("rustc does not name its host".to_string())
}

/// Writes the levels of the light crates where cargo finds them from the folders of builds and sessions. evcxr writes the
/// settings in those themselves.
fn write_levels(cache: &Path) -> Result<()> {
    let folder = cache.join(".cargo");
    let file = folder.join("config.toml");
    if fs::read_to_string(&file).is_ok_and(|old| old == levels()) {
        return Ok(());
    }
    folders::create(&folder)?;
    folders::write_private(&file, levels().as_bytes())
}

fn levels() -> String {
    LIGHT.map(|name| format!("[profile.dev.package.{name}]\nopt-level = 1\n")).concat()
}

/// The lock of a prepared folder keeps the time of its last use.
fn note_use(folder: &Path) {
    let now = FileTimes::new().set_modified(SystemTime::now());
    let file = File::options().write(true).open(folder.with_extension("lock"));
    // At worst the folder is made again one day.
    let _ = file.and_then(|file| file.set_times(now));
}

/// Removes the prepared folders that were not used for longest. One that is being made is locked, and stays.
fn forget_old(base: &Path, kept: usize) {
    let last_use = |folder: &Path| {
        fs::metadata(folder.with_extension("lock")).and_then(|meta| meta.modified()).ok()
    };
    let entries = fs::read_dir(base).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort_by_key(|folder| std::cmp::Reverse(last_use(folder)));
    for folder in folders.iter().skip(kept) {
        if Lock::attempt(&folder.with_extension("lock")).is_some() {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// Removes the prepared folders; a kernel that runs has its own copy.
pub fn remove() -> Result<()> {
    let base = folders::cache()?.join("build");
    match fs::remove_dir_all(&base) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::io(&base, &error))
        }
        _ => Ok(()),
    }
}

/// Puts the library's `Cargo.lock` beside a session's manifest: evcxr's crate would otherwise resolve every
/// dependency again. To be done after evcxr has built its first, empty, crate, which empties the lock file.
pub fn pin_versions(library: &Path, build: &Path) -> Result<()> {
    let from = library.join("Cargo.lock");
    if !from.is_file() {
        return Ok(());
    }
    fs::copy(&from, build.join("Cargo.lock")).map(drop).map_err(|error| Failure::io(&from, &error))
}

/// Fills a session's build folder from the prepared one.
pub fn stock(prepared: &Path, build: &Path) -> Result<()> {
    folders::create(build)?;
    let entries = fs::read_dir(prepared).map_err(|error| Failure::io(prepared, &error))?;
    for entry in entries.flatten() {
        let (from, to) = (entry.path(), build.join(entry.file_name()));
        let Ok(meta) = entry.metadata() else { continue };
        if meta.is_dir() {
            stock(&from, &to)?;
        } else if meta.is_file() && !entry.file_name().to_string_lossy().starts_with("libcode_") {
            let linked = meta.len() >= LINK_FROM && fs::hard_link(&from, &to).is_ok();
            if !linked {
                copy_with_time(&from, &to, &meta).map_err(|error| Failure::io(&to, &error))?;
            }
        }
    }
    Ok(())
}

/// Keeps what a session has compiled of other crates for the sessions to come.
pub fn keep_crates(library: &Path, build: &Path) -> Result<()> {
    let folder = folders::cache()?.join("build").join(&key(library)?[..16]);
    if !folder.is_dir() {
        return Ok(());
    }
    let _lock = Lock::wait(&folder.with_extension("lock"))?;
    add_missing(&build.join("target"), &folder.join("target"))
}

/// Adds the files that are not there. Cargo's names show to which build of a crate a file belongs, so that none of those that
/// are there changes. Files of cells stay away.
fn add_missing(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from).into_iter().flatten().flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        let name = entry.file_name().to_string_lossy().into_owned();
        let of_cells = ["ctx", "libctx", "libcode_", "libcuaderno_static_", "incremental", "."];
        if of_cells.iter().any(|start| name.starts_with(start)) && name != ".fingerprint" {
            continue;
        }
        let Ok(meta) = entry.metadata() else { continue };
        if meta.is_dir() {
            folders::create(&to)?;
            add_missing(&from, &to)?;
        } else if meta.is_file() && !to.exists() {
            let linked = meta.len() >= LINK_FROM && fs::hard_link(&from, &to).is_ok();
            if !linked {
                copy_with_time(&from, &to, &meta).map_err(|error| Failure::io(&to, &error))?;
            }
        }
    }
    Ok(())
}

/// Cargo distinguishes fresh from stale files by modification times, which a plain copy does not keep.
fn copy_with_time(from: &Path, to: &Path, meta: &fs::Metadata) -> std::io::Result<()> {
    fs::copy(from, to)?;
    File::options().write(true).open(to)?.set_times(FileTimes::new().set_modified(meta.modified()?))
}

/// The key of a build folder: the sources' path, the compiler, the flags, the linkers.
fn key(library: &Path) -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(&rustc).arg("-vV").output().map_err(|_| no_toolchain())?;
    if !output.status.success() {
        return Err(no_toolchain());
    }
    let mut hash = Sha256::new();
    hash.update(library.as_os_str().as_encoded_bytes());
    hash.update(&output.stdout);
    hash.update(env!("CARGO_PKG_VERSION"));
    for (name, value) in PROFILE {
        hash.update(std::env::var(name).unwrap_or_else(|_| value.to_string()));
    }
    hash.update(levels());
    for linker in ["mold", "lld"] {
        hash.update([u8::from(on_path(linker).is_some())]);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Names, sizes and times of all that the library is built from.
fn stamp(library: &Path) -> String {
    let mut files = vec![library.join("Cargo.toml"), library.join("Cargo.lock")];
    collect(&library.join("src"), &mut files);
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        hash.update(file.as_os_str().as_encoded_bytes());
        if let Ok(meta) = fs::metadata(&file) {
            hash.update(meta.len().to_le_bytes());
            if let Ok(Ok(age)) = meta.modified().map(|t| t.duration_since(std::time::UNIX_EPOCH)) {
                hash.update(age.as_nanos().to_le_bytes());
            }
        }
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn light_crates_have_the_same_level_in_the_workspace() {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
        let manifest = fs::read_to_string(manifest).unwrap();
        for level in levels().split_inclusive("= 1\n") {
            assert!(manifest.contains(level), "{level}");
        }
    }

    #[test]
    fn the_prepared_folders_used_last_stay() {
        let base = std::env::temp_dir().join(format!("cuaderno-build-{}", std::process::id()));
        let names = ["never", "a", "b", "c", "d", "made"];
        for (age, name) in names.iter().enumerate() {
            let folder = base.join(name);
            fs::create_dir_all(folder.join("target")).unwrap();
            if *name != "never" {
                let time = SystemTime::now() - Duration::from_secs(3600 * (age as u64 + 1));
                let lock = File::create(folder.with_extension("lock")).unwrap();
                lock.set_times(FileTimes::new().set_modified(time)).unwrap();
            }
        }
        let left =
            || -> Vec<&str> { names.into_iter().filter(|name| base.join(name).exists()).collect() };
        let made = Lock::attempt(&base.join("made.lock")).unwrap();
        note_use(&base.join("c"));
        forget_old(&base, 3);
        assert_eq!(left(), ["a", "b", "c", "made"], "one is being made");
        drop(made);
        forget_old(&base, 3);
        assert_eq!(left(), ["a", "b", "c"]);
        fs::remove_dir_all(base).unwrap();
    }
}
