//! Names of parameters: joining them, and finding those under a prefix.

use crate::{Error, ErrorKind, Result};

/// `prefix.name`, or the one of the two that is not empty.
pub(super) fn joined(prefix: &str, name: &str) -> String {
    match (prefix, name) {
        ("", name) => name.to_string(),
        (prefix, "") => prefix.to_string(),
        (prefix, name) => format!("{prefix}.{name}"),
    }
}

/// Returns `true` if `name` is `prefix` or lies under it, as `layer1.0.weight` lies under `layer1`; every name lies under
/// "".
pub(crate) fn has_prefix(name: &str, prefix: &str) -> bool {
    prefix.is_empty()
        || name.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Checks that one of a network's parameters, which have these names, lies under `prefix`.
pub(super) fn check_prefix<'a>(prefix: &str, names: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut tops: Vec<&str> = Vec::new();
    for name in names {
        if has_prefix(name, prefix) {
            return Ok(());
        }
        let top = name.split('.').next().unwrap_or_default();
        if tops.last() != Some(&top) {
            tops.push(top);
        }
    }
    let problem = format!("no parameter is under `{prefix}`");
    Err(Error::new(ErrorKind::Parameter, problem)
        .help(format!("the network's top-level names are {}", tops.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::has_prefix;

    #[test]
    fn a_prefix_ends_at_a_dot() {
        assert!(has_prefix("layer1.0.weight", "layer1") && has_prefix("fc", "fc"));
        assert!(has_prefix("fc.weight", "") && !has_prefix("layer10.weight", "layer1"));
    }
}
