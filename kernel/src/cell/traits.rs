//! Traits of the standard library in the types of variables: rust-analyzer names a trait without its path, as in
//! `Box<dyn Any + Send>`, and the session need not have imported it.

use super::program::Access;
use ra_ap_syntax::ast::{self, HasModuleItem, HasName, Item};
use ra_ap_syntax::{AstNode, Edition, SourceFile};
use std::collections::HashSet;

/// The traits that functions of the standard library box, or that users do, with their paths.
const PATHS: [(&str, &str); 9] = [
    ("Any", "::std::any::Any"),
    ("Error", "::std::error::Error"),
    ("Display", "::std::fmt::Display"),
    ("Debug", "::std::fmt::Debug"),
    ("Read", "::std::io::Read"),
    ("Write", "::std::io::Write"),
    ("BufRead", "::std::io::BufRead"),
    ("Seek", "::std::io::Seek"),
    ("Hasher", "::std::hash::Hasher"),
];

/// The program in which evcxr's lines name such traits by their paths, unless the session has one of that name.
pub fn with_paths(source: &str) -> String {
    if !PATHS.iter().any(|(name, _)| source.contains(&format!("dyn {name}"))) {
        return source.to_string();
    }
    let own = names(source);
    let unknown = || PATHS.iter().filter(|(name, _)| !own.contains(*name));
    let is_check = source.contains("async fn evcxr_analysis_wrapper(");
    let mut in_head = false;
    let mut out = String::with_capacity(source.len());
    for line in source.split_inclusive('\n') {
        let bare = line.trim_end_matches('\n');
        in_head |= is_check && bare.starts_with("async fn evcxr_analysis_wrapper(");
        if in_head || Access::read(bare).is_some() {
            let line = unknown().fold(line.to_string(), |line, (name, path)| {
                with_path(&line, &format!("dyn {name}"), &format!("dyn {path}"))
            });
            out += &line;
        } else {
            out += line;
        }
        in_head &= !bare.starts_with(')');
    }
    out
}

fn with_path(line: &str, name: &str, path: &str) -> String {
    let mut parts = line.split(name);
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let ends = !part.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
        out += if ends { path } else { name };
        out += part;
    }
    out
}

/// The names of the program's traits and imports.
fn names(source: &str) -> HashSet<String> {
    let file = SourceFile::parse(source, Edition::Edition2024).tree();
    let mut names = HashSet::new();
    for item in file.items() {
        match item {
            Item::Trait(item) => names.extend(item.name().map(|name| name.text().to_string())),
            Item::Use(import) => {
                for tree in import.syntax().descendants().filter_map(ast::UseTree::cast) {
                    let renamed = tree.rename().and_then(|rename| rename.name());
                    let last = tree.path().and_then(|path| path.segment());
                    names.extend(match renamed {
                        Some(name) => Some(name.text().to_string()),
                        None => last.map(|last| last.syntax().text().to_string()),
                    });
                }
            }
            _ => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traits_get_their_paths_in_evcxrs_lines_alone() {
        let put =
            |kind: &str| format!("evcxr_variable_store.put_variable::<{kind}>(stringify!(a), a);");
        let line = put("Result<u8, Box<dyn Any + Send>>");
        let expected = put("Result<u8, Box<dyn ::std::any::Any + Send>>");
        assert_eq!(with_paths(&line), expected);
        for source in [
            "let a: Box<dyn Any> = b;".to_string(),
            put("Box<dyn Anything>"),
            put("Box<dyn Any::Other>"),
            format!("use std::any::Any;\n{line}"),
            format!("trait Any {{}}\n{line}"),
        ] {
            assert_eq!(with_paths(&source), source);
        }
        let check = "async fn evcxr_analysis_wrapper(\na: Box<dyn Error>,\n) -> Result<(), E> {\nlet b: Box<dyn Error> = a;\n";
        assert_eq!(with_paths(check), check.replacen("dyn Error", "dyn ::std::error::Error", 1));
    }
}
