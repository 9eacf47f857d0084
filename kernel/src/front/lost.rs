//! Variables that were dropped because an item of their types was redefined: the messages of that cell, and of a later
//! cell that names one.

use super::cells::{Cell, made_in, makes};
use super::unkept::Why;
use std::collections::HashMap;

/// A variable that was dropped, and what changed in its type.
pub type Dropped = (String, String);

/// The variables that were dropped in this session and not made again.
#[derive(Default)]
pub struct Lost {
    by_name: HashMap<String, (String, u64)>,
    unkept: HashMap<String, (Why, u64)>,
    /// The cell that has cleared all.
    cleared: Option<u64>,
    /// The cell in which the process with all variables ended.
    ended: Option<u64>,
}

impl Lost {
    /// Records the variables that the last of these cells has dropped, and returns the line that reports them.
    pub fn note(&mut self, dropped: &[Dropped], cells: &[Cell]) -> Option<String> {
        let ((count, _), earlier) = cells.split_last()?;
        let mut by_item: Vec<(&str, Vec<&str>)> = Vec::new();
        for (name, item) in dropped {
            self.by_name.insert(name.clone(), (item.clone(), *count));
            match by_item.iter_mut().find(|(other, _)| other == item) {
                Some((_, names)) => names.push(name),
                None => by_item.push((item, vec![name])),
            }
        }
        let lines = by_item.iter().map(|(item, names)| {
            let list: Vec<String> = names
                .iter()
                .map(|name| match made_in(name, earlier) {
                    Some(made) => format!("`{name}` (made in In[{made}])"),
                    None => format!("`{name}`"),
                })
                .collect();
            let (were, cells) = if list.len() == 1 { ("was", "cell") } else { ("were", "cells") };
            let again = format!(
                "run the {cells} that made {} again",
                if list.len() == 1 { "it" } else { "them" }
            );
            format!("{}, so {} {were} dropped: {again}\n", change(item), list.join(", "))
        });
        let text: String = lines.collect();
        (!text.is_empty()).then_some(text)
    }

    /// A variable that a cell has made again is no longer lost.
    pub fn made_again(&mut self, code: &str) {
        self.by_name.retain(|name, _| !makes(code, name));
        self.unkept.retain(|name, _| !makes(code, name));
    }

    /// Those of a session in which this cell has cleared all.
    pub fn cleared(count: u64) -> Self {
        Self { cleared: Some(count), ..Self::default() }
    }

    /// Notes that the process with all variables ended in this cell.
    pub fn ended(&mut self, count: u64) {
        *self = Self { cleared: self.cleared, ended: Some(count), ..Self::default() };
    }

    /// Notes that the last of these cells could not keep a variable.
    pub fn unkept(&mut self, name: &str, why: Why, cells: &[Cell]) {
        let count = cells.last().map_or(0, |(count, _)| *count);
        self.unkept.insert(name.to_string(), (why, count));
    }

    /// Why a variable is not there, if it was dropped, or not kept.
    pub fn reason(&self, name: &str, cells: &[Cell]) -> Option<String> {
        if let Some((why, count)) = self.unkept.get(name) {
            return Some(format!("`{name}` lived in In[{count}] alone: {}", why.reason()));
        }
        if let (Some(cleared), Some(made)) = (self.cleared, made_in(name, cells))
            && made < cleared
        {
            return Some(format!(
                "`:clear` in In[{cleared}] removed all variables; run In[{made}] again"
            ));
        }
        if let (Some(ended), Some(made)) = (self.ended, made_in(name, cells))
            && made <= ended
        {
            return Some(format!(
                "the process that held all variables ended in In[{ended}]; run In[{made}] again"
            ));
        }
        let (item, count) = self.by_name.get(name)?;
        let again = match made_in(name, cells) {
            Some(made) => format!("; run In[{made}] again"),
            None => String::new(),
        };
        Some(format!(
            "`{name}` was dropped in In[{count}]: {}, and its type is made of it{again}",
            change(item)
        ))
    }
}

fn change(item: &str) -> String {
    match item.strip_prefix("crate ") {
        Some(name) => format!("the crate `{name}` was compiled again"),
        None if item.is_empty() => "a type changed".to_string(),
        None => match item.strip_prefix("impl ") {
            Some(_) => "a type or constant of an `impl` was redefined".to_string(),
            None => format!("`{item}` was redefined"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_variable_is_traced_to_both_cells() {
        let cells = [
            (1, "struct S(u8);".to_string()),
            (2, "let a = S(1); let mut b = vec![S(2)];".to_string()),
            (3, "struct S(u16);".to_string()),
        ];
        let mut lost = Lost::default();
        let dropped = ["a", "b"].map(|name| (name.to_string(), "S".to_string()));
        let said = lost.note(&dropped, &cells).unwrap();
        let expected = "`S` was redefined, so `a` (made in In[2]), `b` (made in In[2]) were dropped: run the cells that \
                        made them again\n";
        assert_eq!(said, expected);
        let reason = lost.reason("a", &cells).unwrap();
        assert!(reason.contains("In[3]") && reason.contains("run In[2] again"), "{reason}");
        let cleared = Lost::cleared(4).reason("a", &cells).unwrap();
        let mut ended = Lost::default();
        ended.ended(2);
        let said = ended.reason("a", &cells).unwrap();
        assert_eq!(said, "the process that held all variables ended in In[2]; run In[2] again");
        assert_eq!(cleared, "`:clear` in In[4] removed all variables; run In[2] again");
        lost.made_again("let a = S(3);");
        assert_eq!(lost.reason("a", &cells), None);
        assert!(lost.reason("b", &cells).is_some());
    }
}
