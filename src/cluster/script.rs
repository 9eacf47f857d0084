//! The batch script of a job array.

use crate::{Error, ErrorKind, Result};
use std::ffi::OsString;
use std::path::Path;

/// The environment variable by which a task knows its array: the folder of its records.
pub(super) const ARRAY: &str = "CUADERNO_ARRAY";
/// The exit status of a task that was interrupted and has saved itself (`EX_TEMPFAIL` of `sysexits.h`).
pub(super) const AGAIN: u8 = 75;
/// The environment variable with the file into which a task writes its exit status: between the script and a notebook's cell
/// stands a kernel, whose own status says nothing of the task.
pub(super) const STATUS: &str = "CUADERNO_TASK_STATUS";

/// What the script is made of.
pub(super) struct Script<'a> {
    pub folder: &'a Path,
    pub here: &'a Path,
    pub array: &'a str,
    pub options: &'a [String],
    pub grace: u32,
    pub requeues: u32,
    pub command: Vec<OsString>,
}

impl Script<'_> {
    pub fn text(&self) -> Result<String> {
        let Self { folder, here, array, options, grace, requeues, command } = self;
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
        let name: String = name
            .unwrap_or_default()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' })
            .collect();
        let name = if name.is_empty() { "cuaderno" } else { &name };
        let (log, here) = (directive(&folder.join("slurm"))?, directive(here)?);
        let more: String = options.iter().map(|option| format!("#SBATCH {option}\n")).collect();
        let words = command.iter().map(|word| quoted(&word.to_string_lossy()));
        let command = words.collect::<Vec<_>>().join(" ");
        let array_folder = quoted(&folder.to_string_lossy());
        Ok(format!(
            r##"#!/bin/bash
#SBATCH --job-name={name}
#SBATCH --array={array}
#SBATCH --chdir="{here}"
#SBATCH --output="{log}/%A_%a.log"
#SBATCH --open-mode=append
#SBATCH --requeue
#SBATCH --signal=B:USR1@{grace}
{more}
export {ARRAY}={array_folder}
export RAYON_NUM_THREADS="${{SLURM_CPUS_PER_TASK:-${{RAYON_NUM_THREADS:-}}}}"
# The program stops between two batches once this file is there.
flag=$(mktemp -d) || exit 1
export CUADERNO_TASK_STOP="$flag/stop"
export {STATUS}="$flag/status"
trap 'rm -rf "$flag"' EXIT
trap 'touch "$CUADERNO_TASK_STOP"' USR1

echo "task $SLURM_ARRAY_TASK_ID on $(hostname), restart ${{SLURM_RESTART_COUNT:-0}}"
{command} &
program=$!
# A signal ends `wait`, not the program.
while :; do
    wait "$program"
    status=$?
    kill -0 "$program" 2>/dev/null || break
done
# The program may have ended between the signal and the check.
if ((status > 128)); then
    wait "$program"
    again=$?
    ((again == 127)) || status=$again
fi
[[ ! -s "${STATUS}" ]] || status=$(<"${STATUS}")
if ((status == {AGAIN} && ${{SLURM_RESTART_COUNT:-0}} < {requeues})); then
    echo "task $SLURM_ARRAY_TASK_ID goes back into the queue"
    scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_$SLURM_ARRAY_TASK_ID"
    # Slurm ends this script.
    sleep 60
fi
exit "$status"
"##
        ))
    }
}

/// A path within the quotes of a directive, where Slurm replaces `%` and `\`.
fn directive(path: &Path) -> Result<String> {
    let text = path.to_string_lossy().into_owned();
    check_line("a path of a job", &text)?;
    match text.chars().find(|c| "%\\\"".contains(*c)) {
        None => Ok(text),
        Some(found) => {
            let problem = format!("a path of a job must not have `{found}`, found `{text}`");
            Err(Error::new(ErrorKind::Parameter, problem).help("choose another folder"))
        }
    }
}

pub(super) fn check_line(what: &str, text: &str) -> Result<()> {
    if text.contains(['\n', '\r']) {
        let problem = format!("{what} must be one line, found {text:?}");
        return Err(Error::new(ErrorKind::Parameter, problem));
    }
    Ok(())
}

/// A word of a shell's command line.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Numbers as Slurm writes them: `0-2,5`.
pub(super) fn ranges(numbers: &[usize]) -> String {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut parts: Vec<(usize, usize)> = Vec::new();
    for number in sorted {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => parts.push((number, number)),
        }
    }
    let part = |(first, last): (usize, usize)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    parts.into_iter().map(part).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_joined_to_ranges() {
        assert_eq!(ranges(&[5, 0, 1, 2, 1]), "0-2,5");
        assert_eq!(ranges(&[7]), "7");
        assert_eq!(ranges(&[1, 3, 4]), "1,3-4");
    }

    #[test]
    fn words_are_quoted_for_the_shell() {
        let words = ["a b", "it's", "$HOME", "", "ñ\"`"];
        let line = words.map(quoted).join(" ");
        let output = std::process::Command::new("sh")
            .args(["-c", &format!("printf '%s\\n' {line}")])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), words.join("\n") + "\n");
    }

    #[test]
    fn paths_that_slurm_reads_otherwise_are_refused() {
        for path in ["a%b", "a\"b", "a\\b", "a\nb"] {
            assert!(directive(Path::new(path)).is_err(), "{path}");
        }
        assert_eq!(directive(Path::new("/a b/ñ")).unwrap(), "/a b/ñ");
    }
}
