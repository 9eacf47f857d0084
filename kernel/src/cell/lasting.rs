//! Types with every lifetime written out as `'static`: a `static` may leave lifetimes out, its declaration as a symbol of
//! another object may not.

use ra_ap_syntax::ast::{self, HasGenericArgs, HasGenericParams, HasName};
use ra_ap_syntax::{AstNode, SyntaxKind, SyntaxNode};
use std::collections::HashMap;

/// The number of lifetimes that the types of a program have, by name.
pub struct Lasting(HashMap<String, usize>);

impl Default for Lasting {
    fn default() -> Self {
        // Of the standard library's types, the one that a static may well hold.
        Self(HashMap::from([("Cow".to_string(), 1)]))
    }
}

impl Lasting {
    /// Reads the types that a program defines.
    pub fn read(program: &SyntaxNode) -> Self {
        let mut lasting = Self::default();
        for item in program.descendants().filter_map(ast::Adt::cast) {
            let parameters = item.generic_param_list();
            let count = parameters.map_or(0, |list| list.lifetime_params().count());
            let name = item.name().map(|name| name.text().to_string());
            lasting.0.extend(name.filter(|_| count > 0).map(|name| (name, count)));
        }
        lasting
    }

    /// The text of a type without lifetimes that are left out.
    pub fn text(&self, kind: &ast::Type) -> String {
        let start = usize::from(kind.syntax().text_range().start());
        let mut text = kind.syntax().text().to_string();
        let edits = kind.syntax().descendants().filter_map(|node| self.edit(&node));
        let mut edits: Vec<_> = edits.collect();
        edits.sort();
        for (from, to, new) in edits.into_iter().rev() {
            text.replace_range(from - start..to - start, &new);
        }
        text
    }

    fn edit(&self, node: &SyntaxNode) -> Option<(usize, usize, String)> {
        const STATIC: &str = "'static";
        // The lifetimes of a function's parameters are its own.
        let of_function = |node: &SyntaxNode| {
            let kind = node.kind();
            matches!(
                kind,
                SyntaxKind::FN_PTR_TYPE | SyntaxKind::PARENTHESIZED_ARG_LIST | SyntaxKind::RET_TYPE
            )
        };
        if node.ancestors().any(|around| of_function(&around)) {
            return None;
        }
        if let Some(lifetime) = ast::Lifetime::cast(node.clone()) {
            let range = lifetime.syntax().text_range();
            return (lifetime.text() == "'_")
                .then(|| (range.start().into(), range.end().into(), STATIC.to_string()));
        }
        if let Some(lent) = ast::RefType::cast(node.clone()) {
            let at = usize::from(lent.amp_token()?.text_range().end());
            return lent.lifetime().is_none().then(|| (at, at, format!("{STATIC} ")));
        }
        let segment = ast::PathSegment::cast(node.clone())?;
        let count = *self.0.get(segment.name_ref()?.text())?;
        let lifetimes = vec![STATIC; count].join(", ");
        match segment.generic_arg_list() {
            None => {
                let at = usize::from(node.text_range().end());
                Some((at, at, format!("<{lifetimes}>")))
            }
            Some(list) if list.lifetime_args().next().is_none() => {
                let at = usize::from(list.l_angle_token()?.text_range().end());
                let comma = if list.generic_args().next().is_some() { ", " } else { "" };
                Some((at, at, format!("{lifetimes}{comma}")))
            }
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ra_ap_syntax::{Edition, SourceFile};

    #[test]
    fn lifetimes_are_written_out() {
        for (kind, expected) in [
            ("&str", "&'static str"),
            ("&'static [&str; 2]", "&'static [&'static str; 2]"),
            ("Mutex<Option<Cow<str>>>", "Mutex<Option<Cow<'static, str>>>"),
            ("View", "View<'static>"),
            ("Pair<'_, 'static, &u8>", "Pair<'static, 'static, &'static u8>"),
            ("Pair<u8>", "Pair<'static, 'static, u8>"),
            ("Option<fn(&str) -> &str>", "Option<fn(&str) -> &str>"),
            ("&(dyn Fn(&str) -> View + Sync)", "&'static (dyn Fn(&str) -> View + Sync)"),
            ("AtomicUsize", "AtomicUsize"),
        ] {
            let source = format!(
                "struct View<'a>(&'a str); enum Pair<'a, 'b, T> {{ A(&'a T), B(&'b T) }} static S: {kind} = x;"
            );
            let file = SourceFile::parse(&source, Edition::Edition2024).tree();
            let item = file.syntax().descendants().find_map(ast::Static::cast).unwrap();
            let text = Lasting::read(file.syntax()).text(&item.ty().unwrap());
            assert_eq!(text, expected);
        }
    }
}
