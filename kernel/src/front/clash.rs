//! `impl` blocks of earlier cells that a cell's own blocks take the place of, although they are spelled in another way: as
//! `impl fmt::Display for A` and `impl std::fmt::Display for A`, or `impl<T> P<T>` and `impl<U> P<U>`. The compiler finds them.

use super::rewrite::MARK;
use ra_ap_syntax::ast::{self, HasName};
use ra_ap_syntax::{AstNode, Edition, SourceFile, TextSize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The codes of errors about two blocks for one trait and type, or about two methods of one name.
const CODES: [&str; 2] = ["E0119", "E0592"];

/// The names of such blocks with their heads, from the compiler's messages, one JSON object a line, on a program in which the
/// cell's own are `is_own`.
pub fn find(said: &str, program: &str, is_own: impl Fn(&str) -> bool) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let file = SourceFile::parse(program, Edition::Edition2024);
    for message in said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        if !message["code"]["code"].as_str().is_some_and(|code| CODES.contains(&code)) {
            continue;
        }
        let spans = message["spans"].as_array().into_iter().flatten();
        let blocks: Vec<(String, String)> = spans
            .filter_map(|span| {
                let at =
                    TextSize::try_from(usize::try_from(span["byte_start"].as_u64()?).ok()?).ok()?;
                let token = file.syntax_node().token_at_offset(at).right_biased()?;
                let block = token.parent_ancestors().find_map(ast::Impl::cast)?;
                let list = block.assoc_item_list()?;
                let text = block.syntax().text().to_string();
                let length =
                    list.syntax().text_range().start() - block.syntax().text_range().start();
                let head = text.get(..usize::from(length))?.trim().to_string();
                Some((name_before(&block)?, head))
            })
            .collect();
        // Both may be earlier ones, or both the cell's: there is nothing to choose.
        if blocks.iter().any(|(name, _)| is_own(name)) {
            found.extend(blocks.into_iter().filter(|(name, _)| !is_own(name)));
        }
    }
    found
}

/// The name of the constant before a block.
fn name_before(block: &ast::Impl) -> Option<String> {
    let before = block.syntax().prev_sibling()?;
    let name = ast::Const::cast(before)?.name()?.text().to_string();
    name.starts_with(MARK).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_earlier_block_is_found() {
        let program = "struct A; const CUADERNO_IMPL_1: () = (); #[doc = \"x\"] impl fmt::Display for A {}\n\
                       const CUADERNO_IMPL_2: () = (); impl std::fmt::Display for A {}\n";
        let span = |part: &str| json!({"byte_start": program.find(part).unwrap()});
        let said = |code: &str, spans: [Value; 2]| {
            json!({"code": {"code": code}, "spans": spans}).to_string()
        };
        let both = [span("impl fmt"), span("impl std")];
        let own = |name: &str| name.ends_with('2');
        let found = find(&said("E0119", both.clone()), program, own);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["CUADERNO_IMPL_1"]);
        assert!(found["CUADERNO_IMPL_1"].ends_with("impl fmt::Display for A"));
        assert!(find(&said("E0308", both.clone()), program, own).is_empty());
        assert!(find(&said("E0119", both), program, |_| false).is_empty());
        // A derive has no block.
        assert!(
            find(&said("E0119", [span("struct A"), span("impl std")]), program, own).is_empty()
        );
    }
}
