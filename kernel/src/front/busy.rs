//! The names that a session has, for completion and inspection while a cell runs and the inner kernel cannot answer.

use super::cells::{Cell, made_in};
use ra_ap_syntax::ast;
use ra_ap_syntax::{AstNode, Edition, SourceFile};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Methods that most values have, or values of the types that cells hold most.
const COMMON: [&str; 40] = [
    "abs",
    "as_ref",
    "as_str",
    "clear",
    "clone",
    "collect",
    "contains",
    "contains_key",
    "count",
    "enumerate",
    "expect",
    "extend",
    "filter",
    "first",
    "fold",
    "get",
    "insert",
    "into_iter",
    "is_empty",
    "is_some",
    "iter",
    "iter_mut",
    "join",
    "keys",
    "last",
    "len",
    "map",
    "max",
    "min",
    "pop",
    "push",
    "remove",
    "sort",
    "split",
    "sum",
    "to_string",
    "to_vec",
    "trim",
    "unwrap",
    "zip",
];

/// The names of a session.
#[derive(Default)]
pub struct Names {
    names: BTreeSet<String>,
    methods: BTreeSet<String>,
    /// The types of variables.
    types: BTreeMap<String, String>,
    /// The completions that the inner kernel has offered after a name and a point.
    members: HashMap<String, BTreeSet<String>>,
}

impl Names {
    /// Notes the names in a cell's code, and the types of its variables by the program made of it.
    pub fn note(&mut self, code: &str, program: &str) {
        let file = SourceFile::parse(&format!("fn f() {{ {code}\n}}"), Edition::Edition2024);
        for node in file.syntax_node().descendants() {
            if let Some(name) = ast::Name::cast(node.clone()) {
                self.names.insert(name.text().to_string());
            } else if let Some(call) = ast::MethodCallExpr::cast(node.clone()) {
                self.methods.extend(call.name_ref().map(|name| name.text().to_string()));
            }
        }
        for line in program.lines() {
            if let Some((kind, name)) = put(line) {
                self.types.insert(name.to_string(), kind.to_string());
            }
        }
    }

    /// Records the completions after a point in a reply of the inner kernel.
    pub fn note_members(&mut self, code: &str, content: &Value) {
        let start = content["cursor_start"].as_u64().and_then(|at| usize::try_from(at).ok());
        let Some(start) = start else { return };
        let start = code.char_indices().nth(start).map_or(code.len(), |(at, _)| at);
        let Some(receiver) = code[..start].strip_suffix('.').map(last_word) else { return };
        let matches = content["matches"].as_array().into_iter().flatten().filter_map(Value::as_str);
        self.members.entry(receiver.to_string()).or_default().extend(matches.map(str::to_string));
    }

    /// The content of a `complete_reply`.
    pub fn complete(&self, code: &str, at: usize) -> Value {
        let word = last_word(&code[..at]);
        let start = at - word.len();
        let before = code[..start].strip_suffix('.');
        let offered: Vec<&str> = match before.map(last_word) {
            Some(receiver) => match self.members.get(receiver) {
                Some(members) => members.iter().map(String::as_str).collect(),
                None => COMMON.into_iter().chain(self.methods.iter().map(String::as_str)).collect(),
            },
            None => self.names.iter().map(String::as_str).collect(),
        };
        let mut matches: Vec<&str> =
            offered.into_iter().filter(|name| name.starts_with(word)).collect();
        matches.sort_unstable();
        matches.dedup();
        let points = |at: usize| code[..at].chars().count();
        json!({"status": "ok", "matches": matches, "cursor_start": points(start), "cursor_end": points(at), "metadata": {}})
    }

    /// The content of an `inspect_reply`.
    pub fn inspect(&self, code: &str, at: usize) -> Value {
        let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
        let end = at + code[at..].find(|c| !is_of_name(c)).unwrap_or(code.len() - at);
        let word = last_word(&code[..end]);
        match self.types.get(word) {
            Some(kind) => json!({"status": "ok", "found": true,
                "data": {"text/plain": format!("let {word}: {kind}")}, "metadata": {}}),
            None => json!({"status": "ok", "found": false, "data": {}, "metadata": {}}),
        }
    }
}

/// The variables of evcxr's list, as a table with the types, sizes and cells that made them, in text and HTML.
pub fn table(variables: &[(String, String, Option<u64>)], cells: &[Cell]) -> (String, String) {
    let size = |bytes: Option<u64>| bytes.map_or_else(String::new, |bytes| format!("{bytes} B"));
    let made =
        |name: &str| made_in(name, cells).map_or_else(String::new, |count| format!("In[{count}]"));
    let mut rows = vec![["name", "type", "size", "cell"].map(str::to_string)];
    rows.extend(
        variables
            .iter()
            .map(|(name, kind, bytes)| [name.clone(), kind.clone(), size(*bytes), made(name)]),
    );
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2)];
    let mut text = String::new();
    let mut html = String::from("<table>");
    for (at, row) in rows.iter().enumerate() {
        let [a, b, c, d] = row;
        let line = format!("{a:<0$}  {b:<1$}  {c:>2$}  {d}", widths[0], widths[1], widths[2]);
        text += line.trim_end();
        text.push('\n');
        let tag = if at == 0 { "th" } else { "td" };
        let cell = |text: &String| {
            let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            format!("<{tag}>{text}</{tag}>")
        };
        html += &format!("<tr>{}</tr>", row.iter().map(cell).collect::<String>());
    }
    (text, html + "</table>")
}

fn last_word(text: &str) -> &str {
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
    let start = text
        .rfind(|c| !is_of_name(c))
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    &text[start..]
}

/// Type and name of the variable that a line of the program puts away.
fn put(line: &str) -> Option<(&str, &str)> {
    let (kind, end) =
        line.strip_prefix("evcxr_variable_store.put_variable::<")?.rsplit_once(">(stringify!(")?;
    Some((kind, end.split_once(')')?.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_session_are_offered() {
        let mut names = Names::default();
        let program =
            "evcxr_variable_store.put_variable::<Vec<i32>>(stringify!(learner), learner);\n";
        names.note("let learner = vec![1]; fn learn_more() {} learner.special();", program);
        let reply = names.complete("let ñ = lear", 13);
        assert_eq!(reply["matches"], json!(["learn_more", "learner"]));
        assert_eq!((&reply["cursor_start"], &reply["cursor_end"]), (&json!(8), &json!(12)));
        assert_eq!(names.complete("learner.sp", 10)["matches"], json!(["special", "split"]));
        names.note_members("learner.", &json!({"cursor_start": 8, "matches": ["fit", "fit_more"]}));
        assert_eq!(names.complete("learner.f", 9)["matches"], json!(["fit", "fit_more"]));
        let found = names.inspect("learner", 3);
        assert_eq!(found["data"]["text/plain"], "let learner: Vec<i32>");
        assert_eq!(names.inspect("other", 0)["found"], false);
    }

    #[test]
    fn variables_make_a_table() {
        let cells = [(3, "let a = vec![1];".to_string())];
        let (text, html) = table(&[("a".to_string(), "Vec<i32>".to_string(), Some(24))], &cells);
        assert_eq!(text, "name  type      size  cell\na     Vec<i32>  24 B  In[3]\n");
        assert!(html.contains("<td>Vec&lt;i32&gt;</td>"), "{html}");
    }
}
