//! Statics that keep their values from cell to cell. Each cell's program repeats the items of earlier ones, and is loaded beside
//! theirs: a `static` would begin again in each. Here the first program that has a static exports it, and later ones
//! declare it as a symbol of that program's shared object, as long as its text and its type are the same.

use super::hash::Fnv;
use super::items::{Items, text_hash};
use super::lasting::Lasting;
use super::program::FUNCTION;
use ra_ap_syntax::ast::{self, HasName, HasVisibility};
use ra_ap_syntax::{AstNode, Edition, SourceFile, SyntaxNode};
use serde_json::{Value, json};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The file of the session's statics, below the folder of evcxr's crate.
const FILE: &str = "cuaderno-statics.json";

/// The statics of a program.
#[derive(Default)]
pub struct Statics {
    noted: Value,
    /// Those that the program exports: path, hash and symbol.
    exports: Vec<(String, u64, String)>,
    /// The shared objects of earlier programs that it takes statics from.
    pub objects: Vec<String>,
    lasting: Lasting,
}

impl Statics {
    /// The program that shares its statics with earlier ones; `None` if it has none.
    pub fn share(source: &str, items: &Items) -> Option<(String, Self)> {
        if !source.contains("static ") {
            return None;
        }
        let noted = std::fs::read(FILE)
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default();
        let parsed = SourceFile::parse(source, Edition::Edition2024).tree();
        let lasting = Lasting::read(parsed.syntax());
        let mut statics = Self { noted, lasting, ..Self::default() };
        let mut edits: Vec<(usize, usize, String)> = Vec::new();
        for item in parsed.syntax().descendants().filter_map(ast::Static::cast) {
            let Some(path) = path(item.syntax()) else { continue };
            let Some(edit) = statics.edit(&item, path, items) else { continue };
            edits.push(edit);
        }
        let mut out = source.to_string();
        for (from, to, text) in edits.into_iter().rev() {
            out.replace_range(from..to, &text);
        }
        (out != source).then_some((out, statics))
    }

    fn edit(
        &mut self,
        item: &ast::Static,
        path: String,
        items: &Items,
    ) -> Option<(usize, usize, String)> {
        let kind = item.ty()?.syntax().text().to_string();
        let mut hash = Fnv::default();
        hash.add(&text_hash(item.syntax()).to_le_bytes());
        for (name, part) in items.made_of(&kind).parts {
            hash.add(name.as_bytes());
            hash.add(&part.to_le_bytes());
        }
        let start = item.visibility().map_or_else(
            || item.static_token().map(|token| token.text_range().start()),
            |visibility| Some(visibility.syntax().text_range().start()),
        );
        let (start, end) = (usize::from(start?), usize::from(item.syntax().text_range().end()));
        let known = &self.noted[&path];
        if known["hash"] == hash.0
            && let (Some(symbol), Some(object)) =
                (known["symbol"].as_str(), known["object"].as_str())
            && Path::new(object).is_file()
        {
            let visibility =
                item.visibility().map(|v| v.syntax().text().to_string()).unwrap_or_default();
            let mutable = if item.mut_token().is_some() { "static mut" } else { "safe static" };
            let lines = item.syntax().text().to_string().matches('\n').count();
            let text = format!(
                "unsafe extern \"C\" {{ #[link_name = \"{symbol}\"] {visibility} {mutable} {}: {}; }}{}",
                item.name()?.text(),
                self.lasting.text(&item.ty()?).replace('\n', " "),
                "\n".repeat(lines)
            );
            if !self.objects.iter().any(|other| other == object) {
                self.objects.push(object.to_string());
            }
            return Some((item.syntax().text_range().start().into(), end, text));
        }
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok()?;
        let symbol = format!("cuaderno_static_{:016x}_{}", Fnv::of(&path) ^ hash.0, now.as_nanos());
        self.exports.push((path, hash.0, symbol.clone()));
        Some((start, start, format!("#[unsafe(export_name = \"{symbol}\")] ")))
    }

    /// Notes that the program compiled into a folder, so that later ones can take its statics.
    pub fn note(mut self, object: &Path) {
        let Some((_, _, name)) = self.exports.first() else { return };
        let Some(folder) = object.parent().and_then(|folder| folder.canonicalize().ok()) else {
            return;
        };
        // evcxr gives the object another name; it is still the same file.
        let kept: PathBuf = folder.join(format!("lib{name}.so"));
        if std::fs::hard_link(object, &kept).is_err() {
            return;
        }
        for (path, hash, symbol) in &self.exports {
            self.noted[path] = json!({"hash": hash, "symbol": symbol, "object": kept.to_str()});
        }
        // Without the note, the statics begin again.
        let _ = std::fs::write(FILE, self.noted.to_string());
    }

    /// The compiler's arguments for the shared objects of earlier programs.
    pub fn args(&self) -> Vec<OsString> {
        self.objects.iter().map(|object| format!("-Clink-arg={object}").into()).collect()
    }
}

/// The names of the items around a static, and its own; `None` within the function that runs the cell.
fn path(node: &SyntaxNode) -> Option<String> {
    let mut path = String::new();
    for around in node.ancestors() {
        let Some(item) = ast::Item::cast(around.clone()) else { continue };
        let name = match &item {
            ast::Item::Fn(item) => item.name(),
            ast::Item::Module(item) => item.name(),
            ast::Item::Static(item) => item.name(),
            ast::Item::Impl(item) => {
                let kind = item.self_ty().map(|kind| kind.syntax().text().to_string());
                path += &format!(
                    "::{:?} {kind:?}",
                    item.trait_().map(|t| t.syntax().text().to_string())
                );
                continue;
            }
            ast::Item::Trait(item) => item.name(),
            ast::Item::Const(_) | ast::Item::ExternBlock(_) => return None,
            _ => None,
        };
        let name = name?.text().to_string();
        if FUNCTION.ends_with("run_user_code_") && name.starts_with("run_user_code_") {
            return None;
        }
        path += "::";
        path += &name;
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_static_is_exported_once_and_then_taken_from_there() {
        let source = "static N: AtomicUsize = AtomicUsize::new(0);\nfn f() { static M: Mutex<Vec<u8>> =\n Mutex::new(vec![]); }\n\
                      pub extern \"C\" fn run_user_code_3() { static O: u8 = 1; }\n";
        let items = Items::read(source, &[]);
        let (shared, statics) = Statics::share(source, &items).unwrap();
        assert_eq!(shared.matches("export_name").count(), 2, "{shared}");
        assert!(shared.contains("static O: u8 = 1"));
        assert_eq!(statics.exports[0].0, "::N");
        assert_eq!(statics.exports[1].0, "::M::f");
        let parsed = SourceFile::parse(&shared, Edition::Edition2024);
        assert!(parsed.errors().is_empty(), "{shared}");
        let object = std::env::current_exe().unwrap();
        let mut noted = json!({});
        for (path, hash, symbol) in &statics.exports {
            noted[path] = json!({"hash": hash, "symbol": symbol, "object": object.to_str()});
        }
        let mut later = Statics { noted, ..Statics::default() };
        let parsed = SourceFile::parse(source, Edition::Edition2024).tree();
        let item = parsed.syntax().descendants().find_map(ast::Static::cast).unwrap();
        let (_, _, text) = later.edit(&item, "::N".to_string(), &items).unwrap();
        assert!(text.contains("safe static N: AtomicUsize; }"), "{text}");
        assert_eq!(later.args().len(), 1);
    }
}
