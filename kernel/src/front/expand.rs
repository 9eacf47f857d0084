//! Items that a macro of the session makes: evcxr takes a macro call for a statement, and what it defines would be gone with the
//! cell. Such a call is replaced by the items themselves, as `macro_rules!` transcribes them. A call that is not understood
//! stays as it is.

use ra_ap_syntax::ast::{self, HasName, Item};
use ra_ap_syntax::{AstNode, Edition, NodeOrToken, SourceFile, SyntaxKind, SyntaxNode};
use std::collections::BTreeMap;

/// The largest depth of macros that call macros.
const DEPTH: usize = 16;
/// The most tokens of an expansion.
const LONGEST: usize = 100_000;

/// A token, or what stands in brackets.
#[derive(Clone, Debug, PartialEq)]
enum Tree {
    Token(SyntaxKind, String),
    Group(char, Vec<Tree>),
}

/// A pattern, and the text that it becomes.
type Rule = (Vec<Tree>, Vec<Tree>);

/// The macros of a session, by name.
#[derive(Default)]
pub struct Macros {
    rules: BTreeMap<String, Vec<Rule>>,
}

/// The bindings of a pattern.
#[derive(Clone, Debug)]
enum Bound {
    One(Vec<Tree>),
    Many(Vec<BTreeMap<String, Bound>>),
}

type Bindings = BTreeMap<String, Bound>;

impl Macros {
    /// Notes the macros that a cell's code defines.
    pub fn note(&mut self, code: &str) {
        let file = SourceFile::parse(&format!("fn f() {{ {code}\n}}"), Edition::Edition2024);
        for item in file.syntax_node().descendants().filter_map(ast::MacroRules::cast) {
            let (Some(name), Some(tree)) = (item.name(), item.token_tree()) else { continue };
            let Tree::Group(_, parts) = group(tree.syntax()) else { continue };
            self.rules.insert(name.text().to_string(), rules(&parts));
        }
    }

    /// The items that a call makes, as text; `None` if it makes anything else.
    pub fn items(&self, call: &ast::MacroCall) -> Option<String> {
        self.expand(call, DEPTH)
    }

    fn expand(&self, call: &ast::MacroCall, depth: usize) -> Option<String> {
        let name = call.path()?.syntax().text().to_string();
        let rules = self.rules.get(&name)?;
        let Tree::Group(_, input) = group(call.token_tree()?.syntax()) else { return None };
        let (bindings, body) = rules.iter().find_map(|(pattern, body)| {
            let mut bindings = Bindings::new();
            let end = matched(pattern, &input, &mut bindings)?;
            (end == input.len()).then_some((bindings, body))
        })?;
        let mut out = Vec::new();
        transcribe(body, &bindings, &mut out)?;
        let text = text(&out);
        let file = SourceFile::parse(&text, Edition::Edition2024);
        if !file.errors().is_empty() || file.syntax_node().children().next().is_none() {
            return None;
        }
        let mut items = String::new();
        for node in file.syntax_node().children() {
            match Item::cast(node.clone())? {
                Item::MacroCall(inner) if depth > 0 && self.knows(&inner) => {
                    items += &self.expand(&inner, depth - 1)?
                }
                Item::MacroCall(_) => return None,
                _ => items += &node.text().to_string(),
            }
            items.push(' ');
        }
        Some(items)
    }

    fn knows(&self, call: &ast::MacroCall) -> bool {
        call.path().is_some_and(|path| self.rules.contains_key(&path.syntax().text().to_string()))
    }
}

/// The trees of a group's node.
fn group(node: &SyntaxNode) -> Tree {
    let mut parts = Vec::new();
    for part in node.children_with_tokens() {
        match part {
            NodeOrToken::Node(node) => parts.push(group(&node)),
            NodeOrToken::Token(token) if !token.kind().is_trivia() => {
                parts.push(Tree::Token(token.kind(), token.text().to_string()));
            }
            NodeOrToken::Token(_) => {}
        }
    }
    let open = match parts.first() {
        Some(Tree::Token(_, text)) => text.chars().next().unwrap_or('('),
        _ => '(',
    };
    parts.pop();
    if !parts.is_empty() {
        parts.remove(0);
    }
    Tree::Group(open, parts)
}

fn rules(parts: &[Tree]) -> Vec<Rule> {
    let groups: Vec<&Vec<Tree>> = parts
        .iter()
        .filter_map(|part| match part {
            Tree::Group(_, inside) => Some(inside),
            Tree::Token(..) => None,
        })
        .collect();
    groups.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect()
}

fn is(tree: Option<&Tree>, text: &str) -> bool {
    matches!(tree, Some(Tree::Token(_, other)) if other == text)
}

/// A repetition after `$`: what is repeated, the separator, the sign, and how many trees it takes.
fn repetition(rest: &[Tree]) -> Option<(&[Tree], Option<&Tree>, &str, usize)> {
    let Some(Tree::Group('(', inside)) = rest.first() else { return None };
    let sign = |tree: Option<&Tree>| ["*", "+", "?"].into_iter().find(|sign| is(tree, sign));
    match (sign(rest.get(1)), sign(rest.get(2))) {
        (Some(found), _) => Some((inside, None, found, 2)),
        (None, Some(found)) => Some((inside, rest.get(1), found, 3)),
        _ => None,
    }
}

/// Matches a pattern with the start of the input; returns the number of trees it takes.
fn matched(pattern: &[Tree], input: &[Tree], bindings: &mut Bindings) -> Option<usize> {
    let (mut at, mut p) = (0, 0);
    while p < pattern.len() {
        if is(pattern.get(p), "$") {
            if let Some((inside, separator, sign, taken)) = repetition(&pattern[p + 1..]) {
                at += repeated(
                    inside,
                    separator,
                    sign,
                    &pattern[p + 1 + taken..],
                    &input[at..],
                    bindings,
                )?;
                p += 1 + taken;
                continue;
            }
            let Some(Tree::Token(_, name)) = pattern.get(p + 1) else { return None };
            let Some(Tree::Token(_, kind)) =
                pattern.get(p + 3).filter(|_| is(pattern.get(p + 2), ":"))
            else {
                return None;
            };
            let length = fragment(kind, &input[at..])?;
            bindings.insert(name.clone(), Bound::One(input[at..at + length].to_vec()));
            at += length;
            p += 4;
            continue;
        }
        match (&pattern[p], input.get(at)?) {
            (Tree::Group(open, inside), Tree::Group(other, given)) if open == other => {
                if matched(inside, given, bindings)? != given.len() {
                    return None;
                }
            }
            (Tree::Token(_, text), Tree::Token(_, other)) if text == other => {}
            _ => return None,
        }
        at += 1;
        p += 1;
    }
    Some(at)
}

fn repeated(
    inside: &[Tree],
    separator: Option<&Tree>,
    sign: &str,
    after: &[Tree],
    input: &[Tree],
    bindings: &mut Bindings,
) -> Option<usize> {
    let mut rounds = Vec::new();
    let mut at = 0;
    loop {
        let mut start = at;
        if !rounds.is_empty()
            && let Some(separator) = separator
        {
            if input.get(at) != Some(separator) {
                break;
            }
            start += 1;
        }
        let mut round = Bindings::new();
        // The token after the repetition ends it.
        let ends = start >= input.len()
            || after
                .first()
                .is_some_and(|tree| !is(Some(tree), "$") && input.get(at) == Some(tree));
        match matched(inside, &input[start..], &mut round) {
            Some(length) if length > 0 && !ends => {
                at = start + length;
                rounds.push(round);
            }
            _ => break,
        }
        if sign == "?" {
            break;
        }
    }
    if sign == "+" && rounds.is_empty() {
        return None;
    }
    for name in bound_names(inside) {
        bindings.insert(name, Bound::Many(rounds.clone()));
    }
    Some(at)
}

/// The names that a pattern binds.
fn bound_names(pattern: &[Tree]) -> Vec<String> {
    let mut names = Vec::new();
    for (at, tree) in pattern.iter().enumerate() {
        match tree {
            Tree::Group(_, inside) => names.extend(bound_names(inside)),
            Tree::Token(_, text) if text == "$" && is(pattern.get(at + 2), ":") => {
                if let Some(Tree::Token(_, name)) = pattern.get(at + 1) {
                    names.push(name.clone());
                }
            }
            Tree::Token(..) => {}
        }
    }
    names
}

/// The number of trees that a fragment takes.
fn fragment(kind: &str, input: &[Tree]) -> Option<usize> {
    let first = input.first()?;
    let until = |ends: &[&str]| {
        let mut depth = 0i32;
        let mut length = 0;
        for tree in input {
            if let Tree::Token(_, text) = tree {
                if depth <= 0 && ends.contains(&text.as_str()) {
                    break;
                }
                depth += i32::from(text == "<") - i32::from(text == ">");
                if depth < 0 {
                    break;
                }
            }
            length += 1;
        }
        (length > 0).then_some(length)
    };
    match kind {
        "ident" => matches!(first, Tree::Token(kind, text) if *kind == SyntaxKind::IDENT || text.chars().all(char::is_alphabetic)).then_some(1),
        "tt" => Some(1),
        "lifetime" => matches!(first, Tree::Token(SyntaxKind::LIFETIME_IDENT, _)).then_some(1),
        "block" => matches!(first, Tree::Group('{', _)).then_some(1),
        "literal" => {
            let length = if is(Some(first), "-") { 2 } else { 1 };
            matches!(input.get(length - 1)?, Tree::Token(kind, text) if kind.is_literal() || text == "true" || text == "false").then_some(length)
        }
        "vis" => Some(match (first, input.get(1)) {
            (Tree::Token(_, text), Some(Tree::Group('(', _))) if text == "pub" => 2,
            (Tree::Token(_, text), _) if text == "pub" => 1,
            _ => 0,
        }),
        "ty" | "path" => until(&[",", ";", "=", "=>", ":", "|"]),
        "expr" => {
            // Angle brackets compare here.
            let ends = |tree: &&Tree| matches!(tree, Tree::Token(_, text) if matches!(text.as_str(), "," | ";" | "=>"));
            let length = input.iter().position(|tree| ends(&tree)).unwrap_or(input.len());
            (length > 0).then_some(length)
        }
        _ => None,
    }
}

fn transcribe(body: &[Tree], bindings: &Bindings, out: &mut Vec<Tree>) -> Option<()> {
    let mut at = 0;
    while at < body.len() {
        if out.len() > LONGEST {
            return None;
        }
        if is(body.get(at), "$") {
            if let Some((inside, separator, _, taken)) = repetition(&body[at + 1..]) {
                let rounds =
                    used_names(inside).into_iter().find_map(|name| match bindings.get(&name) {
                        Some(Bound::Many(rounds)) => Some(rounds),
                        _ => None,
                    })?;
                for (round, bound) in rounds.iter().enumerate() {
                    if round > 0 {
                        out.extend(separator.cloned());
                    }
                    let mut all = bindings.clone();
                    all.extend(bound.clone());
                    transcribe(inside, &all, out)?;
                }
                at += 1 + taken;
                continue;
            }
            let Some(Tree::Token(_, name)) = body.get(at + 1) else { return None };
            match bindings.get(name) {
                Some(Bound::One(trees)) => out.extend(trees.iter().cloned()),
                // `$crate` and the like.
                _ => return None,
            }
            at += 2;
            continue;
        }
        match &body[at] {
            Tree::Group(open, inside) => {
                let mut within = Vec::new();
                transcribe(inside, bindings, &mut within)?;
                out.push(Tree::Group(*open, within));
            }
            token => out.push(token.clone()),
        }
        at += 1;
    }
    Some(())
}

/// The names after `$` in a text.
fn used_names(body: &[Tree]) -> Vec<String> {
    let mut names = Vec::new();
    for (at, tree) in body.iter().enumerate() {
        match (tree, body.get(at + 1)) {
            (Tree::Group(_, inside), _) => names.extend(used_names(inside)),
            (Tree::Token(_, text), Some(Tree::Token(_, name))) if text == "$" => {
                names.push(name.clone())
            }
            _ => {}
        }
    }
    names
}

/// Trees as text, on one line.
fn text(trees: &[Tree]) -> String {
    let mut out = String::new();
    for tree in trees {
        match tree {
            Tree::Token(kind, token) => {
                // Signs of several characters come one by one.
                let joins = kind.is_punct() || token == "'";
                out += token;
                if !joins || token == "," || token == ";" {
                    out.push(' ');
                }
            }
            Tree::Group(open, inside) => {
                let close = match open {
                    '(' => ')',
                    '[' => ']',
                    _ => '}',
                };
                out.push(*open);
                out += &text(inside);
                out.push(close);
                out.push(' ');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(macros: &str, call: &str) -> Option<String> {
        let mut known = Macros::default();
        known.note(macros);
        let file = SourceFile::parse(&format!("fn f() {{ {call} }}"), Edition::Edition2024);
        let call = file.syntax_node().descendants().find_map(ast::MacroCall::cast).unwrap();
        let text = known.items(&call)?;
        let parsed = SourceFile::parse(&text, Edition::Edition2024);
        assert!(parsed.errors().is_empty(), "{text}");
        Some(text.split_whitespace().collect::<String>())
    }

    #[test]
    fn a_call_is_replaced_by_its_items() {
        let one = "macro_rules! make { ($n:ident) => { #[derive(Debug)] struct $n { v: i64 } } }";
        assert_eq!(items(one, "make!(A);").unwrap(), "#[derive(Debug)]structA{v:i64}");
        let many = "macro_rules! record { ($v:vis $n:ident { $($f:ident: $t:ty),* $(,)? }) => { $v struct $n { $($f: $t),* }
            impl $n { fn names() -> Vec<&'static str> { vec![$(stringify!($f)),*] } } }; ($n:ident) => { record!(pub $n {}); } }";
        assert_eq!(
            items(many, "record! { P { x: Vec<Option<u8>>, y: f64, } }").unwrap(),
            "structP{x:Vec<Option<u8>>,y:f64}implP{fnnames()->Vec<&'staticstr>{vec![stringify!(x),stringify!(y)]}}"
        );
        assert!(items(many, "record!(Q);").unwrap().starts_with("pubstructQ{}"));
        let several =
            "macro_rules! consts { ($($n:ident = $v:expr;)+) => { $(const $n: usize = $v;)+ } }";
        assert_eq!(
            items(several, "consts! { A = 1 + 2; B = A << 1; }").unwrap(),
            "constA:usize=1+2;constB:usize=A<<1;"
        );
    }

    #[test]
    fn what_is_not_understood_stays() {
        let show = "macro_rules! show { ($e:expr) => { println!(\"{}\", $e) } }";
        assert_eq!(items(show, "show!(1);"), None);
        assert_eq!(items(show, "other!(1);"), None);
        let own = "macro_rules! own { ($n:ident) => { struct $n($crate::T); } }";
        assert_eq!(items(own, "own!(A);"), None);
        let forever = "macro_rules! more { ($n:ident) => { more!($n); } }";
        assert_eq!(items(forever, "more!(A);"), None);
    }
}
