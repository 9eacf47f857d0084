//! Code that is added to a cell's program, between marks: the program is the cell's own again without what stands between them.

/// Stands on both sides of what is added, which the cell's own lines do without. What is added has no line ends.
pub const MARK: &str = "/*cuaderno*/";
/// The start of a place in the program, as the compiler and panics name it.
const PLACE: &str = "src/lib.rs:";

/// The cell's own lines of a program.
pub fn without(program: &str) -> String {
    program.split(MARK).step_by(2).collect()
}

/// A text that names places in a program, as `src/lib.rs:14:5`, with their columns in the cell's own lines.
pub fn places_without(text: &str, program: &str) -> String {
    let mut parts = text.split(PLACE);
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        out += PLACE;
        out += &place_without(part, program).unwrap_or_else(|| part.to_string());
    }
    out
}

/// What stands behind the name of the file.
fn place_without(part: &str, program: &str) -> Option<String> {
    let (line, rest) = part.split_once(':')?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let number: usize = line.parse().ok()?;
    let text = program.lines().nth(number.checked_sub(1)?)?;
    let column = column_without(text, rest[..end].parse().ok()?);
    Some(format!("{line}:{column}{}", &rest[end..]))
}

/// The column, from 1 and in characters, without what is added before it in the line; for a place within that, the column
/// of the character before.
fn column_without(line: &str, column: usize) -> usize {
    let (mut left, mut own) = (column.saturating_sub(1), 0);
    let count = line.split(MARK).count();
    for (at, part) in line.split(MARK).enumerate() {
        let length = part.chars().count();
        if at % 2 == 1 {
            let length = length + 2 * MARK.len();
            if left < length {
                return own.max(1);
            }
            left -= length;
        } else if left < length || at + 1 == count {
            break;
        } else {
            own += length;
            left -= length;
        }
    }
    own + left + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_cells_own_lines() {
        let own = "f();\nfor ñ in v { g(ñ); while h() { k[ñ] } }\n";
        let added = format!("{MARK} poll(); {MARK}");
        let program =
            own.replace("v {", &format!("v {{{added}")).replace("() {", &format!("() {{{added}"));
        assert_eq!(without(&program), own);
        let column = |text: &str, of: &str| {
            let line = text.lines().nth(1).unwrap();
            1 + line[..line.find(of).unwrap()].chars().count()
        };
        for part in ["for", "g(", "while", "k["] {
            let text = |column: usize| format!("panicked at src/lib.rs:2:{column}:\nno");
            assert_eq!(
                places_without(&text(column(&program, part)), &program),
                text(column(own, part))
            );
        }
        // A place within what is added is that of the bracket before it.
        assert_eq!(column_without(program.lines().nth(1).unwrap(), column(&program, "poll")), 12);
        for text in ["src/lib.rs:9:1", "src/lib.rs:x", "src/lib.rs:1:3", "[src/lib.rs:1:2] x = 1"] {
            assert_eq!(places_without(text, &program), text);
        }
    }
}
