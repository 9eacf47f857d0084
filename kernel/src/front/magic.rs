//! The lines that begin with `:` and that this kernel answers itself, beside evcxr's own.

use super::busy;
use super::inner::Inner;
use super::shell::Shell;
use crate::prepared;
use ra_ap_syntax::ast::{self, HasName};
use ra_ap_syntax::{AstNode, Edition, SourceFile};
use serde_json::json;
use std::sync::Arc;

/// The magic commands of a cell.
pub struct Magic {
    /// The code without the lines that are answered here.
    pub code: String,
    /// `:vars`: a table of the variables.
    pub variables: bool,
    /// `:time`: how long the cell took to compile and to run.
    pub times: bool,
    /// `:clear`.
    pub clears: bool,
    /// `:dep`.
    pub adds_crates: bool,
    /// Whether it defines `main`, and nothing calls it.
    defines_main: bool,
}

impl Magic {
    /// Reads a cell.
    pub fn read(code: &str) -> Self {
        let mut magic = Self {
            code: String::new(),
            variables: false,
            times: false,
            clears: false,
            adds_crates: false,
            defines_main: false,
        };
        let mut in_head = true;
        for line in code.split_inclusive('\n') {
            let bare = line.trim();
            let end = if line.ends_with('\n') { "\n" } else { "" };
            match bare {
                // A shebang is for the shell.
                _ if magic.code.is_empty()
                    && bare.starts_with("#!")
                    && !bare.starts_with("#![") => {}
                ":vars" if in_head => magic.variables = true,
                ":time" if in_head => magic.times = true,
                ":dep cuaderno" if in_head && prepared::library().is_some() => {
                    magic.code += &prepared::library()
                        .map(|root| prepared::dep_line(&root))
                        .unwrap_or_default();
                    magic.code += end;
                    continue;
                }
                _ => {
                    magic.clears |= in_head && bare == ":clear";
                    magic.adds_crates |= in_head && bare.starts_with(":dep ");
                    in_head &=
                        bare.is_empty() || bare.starts_with([':', '!']) || bare.starts_with("//");
                    magic.code += line;
                    continue;
                }
            }
            magic.code += end;
        }
        magic.defines_main = defines_main(code);
        magic
    }

    /// Notes for the reader of a cell that ran.
    pub fn notes(&self) -> String {
        if self.defines_main {
            "`main` is defined, and has not run: `main();` runs it\n".to_string()
        } else {
            String::new()
        }
    }
}

/// Returns `true` if the code has a function `main` at its top, and no call of it.
fn defines_main(code: &str) -> bool {
    if !code.contains("fn main") {
        return false;
    }
    let file = SourceFile::parse(&format!("fn f() {{ {code}\n}}"), Edition::Edition2024);
    let Some(list) = file.syntax_node().descendants().find_map(ast::StmtList::cast) else {
        return false;
    };
    let mut functions = list.syntax().children().filter_map(ast::Fn::cast);
    let defined = functions.any(|item| item.name().is_some_and(|name| name.text() == "main"));
    let mut calls = list.syntax().descendants().filter_map(ast::CallExpr::cast);
    defined && !calls.any(|call| call.expr().is_some_and(|name| name.syntax().text() == "main"))
}

impl Shell {
    /// Shows the variables of the session: name, type, size and the cell that made each.
    pub(super) async fn show_variables(&self, inner: &Arc<Inner>) {
        let listed = self.captured(inner, ":vars").await;
        let text = listed["text/plain"].as_str().unwrap_or_default().to_string();
        let mut variables: Vec<(String, String, Option<u64>)> = text
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, kind)| (name.to_string(), kind.to_string(), None))
            .collect();
        variables.sort();
        let sizes: Vec<String> = variables
            .iter()
            .map(|(name, ..)| format!("::std::mem::size_of_val(&{name})"))
            .collect();
        if !sizes.is_empty() {
            let code = format!("&[{}]", sizes.join(", "));
            let shown = self.captured(inner, &code).await;
            let shown = shown["text/plain"].as_str().unwrap_or_default();
            let numbers =
                shown.trim_matches(['[', ']']).split(", ").map(|number| number.parse().ok());
            for (variable, size) in variables.iter_mut().zip(numbers) {
                variable.2 = size;
            }
        }
        let (text, html) = busy::table(&variables, &self.cells_so_far());
        let content = json!({"data": {"text/plain": text, "text/html": html}, "metadata": {}});
        self.hub.publish_running("execute_result", content).await;
    }

    /// The value that code shows.
    async fn captured(&self, inner: &Arc<Inner>, code: &str) -> serde_json::Value {
        self.hub.running().captured = Some(Vec::new());
        inner.request_code(code).await;
        let shown = self.hub.running().captured.take().unwrap_or_default();
        shown.into_iter().next_back().map(|content| content["data"].clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_kernels_own_are_taken_out() {
        let magic = Magic::read(":time\n:dep log = \"0.4\"\nlet x = 1;");
        assert!(magic.times && !magic.variables && !magic.clears);
        assert_eq!(magic.code, "\n:dep log = \"0.4\"\nlet x = 1;");
        assert_eq!(Magic::read("#!/usr/bin/env rust\nf();").code, "\nf();");
        assert_eq!(Magic::read("#![allow(x)]\nf();").code, "#![allow(x)]\nf();");
        assert!(Magic::read("// all\n:vars").variables);
        assert!(Magic::read(":clear\n").clears);
        assert!(!Magic::read("let x = 1;\n:vars").variables);
    }

    #[test]
    fn a_program_that_is_pasted_is_found() {
        let notes = |code: &str| Magic::read(code).notes();
        assert!(notes("use std::fs;\nfn main() {\n    f();\n}").contains("`main();` runs it"));
        for code in ["fn main() {}\nmain();", "fn main_loop() {}", "mod m { fn main() {} }"] {
            assert_eq!(notes(code), "", "{code}");
        }
    }
}
