//! MLflow's rules for names and lengths.

use crate::{Error, ErrorKind, Result};
use unicode_normalization::char::is_combining_mark;

/// Most characters of the name of a parameter, metric or tag.
const NAME: usize = 250;
/// Most characters of the value of a parameter.
const PARAMETER: usize = 6_000;
/// Most characters of the value of a tag.
const TAG: usize = 8_000;
/// Most characters of the name of an experiment or of a data set.
const EXPERIMENT: usize = 500;

/// Checks the name of a parameter, metric or tag; `what` is one of these words.
pub(super) fn check_name(what: &str, name: &str) -> Result<()> {
    let fail = |problem: String| {
        Err(Error::new(ErrorKind::Parameter, problem)
            .help(format!("name it `{}`", valid_name(name))))
    };
    if let Some(found) = name.chars().find(|c| !is_allowed(*c)) {
        return fail(format!(
            "the name of a {what} may have letters, digits, spaces and the characters `_ - . : /`, found {found:?} in {name:?}"
        ));
    }
    if !is_plain_path(name) {
        return fail(format!(
            "the name of a {what} must not be empty or read as another path, found `{name}`"
        ));
    }
    let length = name.chars().count();
    if length > NAME {
        let start: String = name.chars().take(40).collect();
        return fail(format!(
            "the name of a {what} must have at most {NAME} characters, found {length} in `{start}…`"
        ));
    }
    Ok(())
}

/// The same name with `_` in place of each character that MLflow refuses, cut to its length.
pub(crate) fn valid_name(name: &str) -> String {
    let replaced = |c: char| if is_allowed(c) { c } else { '_' };
    let name: String = name.chars().map(replaced).take(NAME).collect();
    if is_plain_path(&name) {
        return name;
    }
    let parts = name.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
    let joined = parts.collect::<Vec<_>>().join("/");
    if is_plain_path(&joined) { joined } else { "_".to_string() }
}

fn is_allowed(c: char) -> bool {
    c.is_alphanumeric() && !is_combining_mark(c) || "_-.:/ ".contains(c)
}

/// Returns `true` if the name stays the same when it is read as a path, and does not leave its folder.
fn is_plain_path(name: &str) -> bool {
    name.split('/').all(|part| !matches!(part, "" | "." | "..")) && !name.starts_with("..")
}

/// Checks the value of a parameter.
pub(super) fn check_parameter(name: &str, value: &str) -> Result<()> {
    check_name("parameter", name)?;
    check_length(&format!("the parameter `{name}`"), value, PARAMETER)
}

/// Checks a tag.
pub(super) fn check_tag(name: &str, value: &str) -> Result<()> {
    check_name("tag", name)?;
    check_length(&format!("the tag `{name}`"), value, TAG)
}

/// Checks the name of an experiment.
pub(super) fn check_experiment(name: &str) -> Result<()> {
    if name.trim().is_empty() {
        let problem = format!("expected the name of an experiment, found `{name}`");
        return Err(Error::new(ErrorKind::Parameter, problem));
    }
    check_length("the name of an experiment", name, EXPERIMENT)
}

/// Checks the name of a data set.
pub(super) fn check_dataset(name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(Error::new(ErrorKind::Parameter, "expected the name of a data set, found ``"));
    }
    check_length("the name of a data set", name, EXPERIMENT)
}

/// Checks a relative path of an artifact, such as `figures/curves.png`.
pub(super) fn check_artifact(path: &str) -> Result<()> {
    if is_plain_path(path) && !path.contains(['\\', '\0', '\n', '\r']) {
        return Ok(());
    }
    let problem = format!("expected a relative path within the artifacts, found `{path}`");
    Err(Error::new(ErrorKind::Parameter, problem).help("give one such as `figures/curves.png`"))
}

fn check_length(what: &str, value: &str, most: usize) -> Result<()> {
    let length = value.chars().count();
    if length <= most {
        return Ok(());
    }
    let problem = format!("{what} must have at most {most} characters, found {length}");
    Err(Error::new(ErrorKind::Parameter, problem).help("log it as an artifact with `log_text`"))
}

/// The start of a text that fits into a tag.
pub(super) fn tag_text(text: &str) -> String {
    text.chars().take(TAG).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_mlflow_takes() {
        // `mlflow.utils.validation._validate_metric_name` of MLflow 3.17 takes the first and refuses the second.
        let long = "a".repeat(250);
        for name in
            ["balanced accuracy", "año", "a/b.c:d-e_f", "損失", "²", "a..b", ".a", long.as_str()]
        {
            assert!(check_name("metric", name).is_ok(), "{name}");
            assert_eq!(valid_name(name), name);
        }
        let longer = "a".repeat(251);
        let refused = [
            "",
            ".",
            "..",
            "/a",
            "a//b",
            "a/../b",
            "a/",
            "./a",
            "a\nb",
            "F1 (macro)",
            "50%",
            "'; --",
            "e\u{301}",
            "..a",
            longer.as_str(),
        ];
        for name in refused {
            assert!(check_name("metric", name).is_err(), "{name}");
            assert!(check_name("metric", &valid_name(name)).is_ok(), "{name}");
        }
        let error = check_name("metric", "F1 (macro)").unwrap_err().to_string();
        assert!(error.ends_with("found '(' in \"F1 (macro)\"; name it `F1 _macro_`"), "{error}");
    }
}
