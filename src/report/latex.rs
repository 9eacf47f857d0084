//! The report as LaTeX: an article with `booktabs` tables that stock distributions compile.

use super::document::{Block, Document};
use super::inline::Span;
use super::table_text::TableText;
use crate::plot::Language;
use std::fmt::Write as _;

/// Tables with more rows run over pages.
const ROWS_ON_A_PAGE: usize = 30;

/// The whole document.
pub(super) fn write(document: &Document) -> String {
    let babel = match document.language {
        Language::English => "english",
        Language::Spanish => "spanish,es-tabla,es-noshorthands",
    };
    let mut out = format!(
        "% Compiles with pdflatex, xelatex and lualatex.\n\
         \\documentclass[11pt,a4paper]{{article}}\n\
         \\usepackage{{iftex}}\n\
         \\ifPDFTeX\n\\usepackage[utf8]{{inputenc}}\n\\usepackage[T1]{{fontenc}}\n\\usepackage{{lmodern}}\n\
         \\usepackage{{textcomp}}\n\\else\n\\usepackage{{fontspec}}\n\\fi\n\
         \\usepackage[{babel}]{{babel}}\n\
         \\usepackage[margin=2.5cm]{{geometry}}\n\
         \\usepackage{{graphicx}}\n\\usepackage{{amssymb}}\n\\usepackage{{booktabs}}\n\\usepackage{{longtable}}\n\\usepackage{{array}}\n\
         \\usepackage[hidelinks]{{hyperref}}\n\
         % A character that the fonts of pdflatex lack: its code point instead.\n\
         \\newcommand{{\\othercharacter}}[2]{{\\ifPDFTeX\\texttt{{\\small U+#1}}\\else#2\\fi}}\n\
         \\title{{{}}}\n\\author{{{}}}\n\\date{{{}}}\n\\begin{{document}}\n\\maketitle\n",
        escape(&document.title),
        escape(&document.author),
        escape(&document.date)
    );
    for block in &document.blocks {
        out.push('\n');
        match block {
            Block::Heading { level, title, anchor, .. } => {
                let command = if *level == 1 { "section" } else { "subsection" };
                let _ = writeln!(out, "\\{command}{{{}}}\\label{{{anchor}}}", escape(title));
            }
            Block::Paragraph(spans) => {
                let _ = writeln!(out, "{}", inline(spans));
            }
            Block::List(items) => {
                out.push_str("\\begin{itemize}\n");
                for item in items {
                    let _ = writeln!(out, "\\item {}", inline(item));
                }
                out.push_str("\\end{itemize}\n");
            }
            Block::Figure { caption, stem, figure, .. } => {
                let width = figure.width_in_centimeters().min(16.0);
                let _ = write!(
                    out,
                    "\\begin{{figure}}[htbp]\n\\centering\n\
                     \\includegraphics[width={width:.2}cm,height=0.8\\textheight,keepaspectratio]{{figures/{stem}}}\n\
                     \\caption{{{}}}\\label{{fig-{stem}}}\n\\end{{figure}}\n",
                    escape(caption)
                );
            }
            Block::Table { number, caption, anchor, text } => {
                out.push_str(&table(text, number.map(|_| caption.as_str()), anchor));
            }
        }
    }
    out.push_str("\n\\end{document}\n");
    out
}

/// A `booktabs` table, which floats if it has a caption and runs over pages if it is long.
pub(super) fn table(text: &TableText, caption: Option<&str>, label: &str) -> String {
    let columns = columns(text);
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| escape(cell)).collect();
        format!("{} \\\\\n", cells.join(" & "))
    };
    let caption = caption.map(|caption| {
        let label = if label.is_empty() { String::new() } else { format!("\\label{{{label}}}") };
        format!("\\caption{{{}}}{label}", escape(caption))
    });
    let body: String = text.rows.iter().map(|row| line(row)).collect();
    let head = line(&text.names);
    let note = if text.note.is_empty() {
        String::new()
    } else {
        format!("\\par\\smallskip{{\\footnotesize {}}}\n", escape(&text.note))
    };
    if text.rows.len() > ROWS_ON_A_PAGE {
        let caption = caption.map_or(String::new(), |caption| format!("{caption} \\\\\n"));
        return format!(
            "{{\\small\n\\begin{{longtable}}{{{columns}}}\n{caption}\\toprule\n{head}\\midrule\n\\endfirsthead\n\
             \\toprule\n{head}\\midrule\n\\endhead\n\\bottomrule\n\\endfoot\n{body}\\end{{longtable}}\n{note}}}\n"
        );
    }
    let tabular = format!(
        "\\begin{{tabular}}{{{columns}}}\n\\toprule\n{head}\\midrule\n{body}\\bottomrule\n\\end{{tabular}}\n"
    );
    // A table wider than the page is shrunk to it.
    let tabular = format!(
        "\\setbox0\\hbox{{%\n{tabular}}}\n\\ifdim\\wd0>\\linewidth\\resizebox{{\\linewidth}}{{!}}{{\\box0}}\\else\\box0\\fi\n"
    );
    match caption {
        Some(caption) => {
            format!(
                "\\begin{{table}}[htbp]\n\\centering\\small\n{caption}\n{tabular}{note}\\end{{table}}\n"
            )
        }
        None => format!("\\begin{{center}}\\small\n{tabular}{note}\\end{{center}}\n"),
    }
}

/// The column types: long texts break at a width of their share of the page.
fn columns(text: &TableText) -> String {
    let longest: Vec<usize> = (0..text.names.len())
        .map(|column| {
            let cells = text.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let long = longest.iter().filter(|&&n| n > 48).count().max(1);
    longest
        .iter()
        .zip(&text.right)
        .map(|(&length, &right)| match (right, length > 48) {
            (true, _) => "r".to_string(),
            (false, false) => "l".to_string(),
            (false, true) => {
                format!(
                    ">{{\\raggedright\\arraybackslash}}p{{{:.2}\\linewidth}}",
                    0.6 / long as f64
                )
            }
        })
        .collect()
}

fn inline(spans: &[Span]) -> String {
    let text = |span: &Span| match span {
        Span::Text(text) => escape(text),
        Span::Bold(text) => format!("\\textbf{{{}}}", escape(text)),
        Span::Italic(text) => format!("\\emph{{{}}}", escape(text)),
        Span::Code(text) => format!("\\texttt{{{}}}", escape(text)),
        // The number comes from LaTeX, which may number otherwise once the author edits the file.
        Span::Link(text, anchor) => {
            let kind = text.split('\u{a0}').next().unwrap_or_default();
            format!("{}~\\ref{{{anchor}}}", escape(kind))
        }
        Span::Reference(_, name) => escape(name),
    };
    spans.iter().map(text).collect()
}

/// `text` so that LaTeX prints it as it is.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => safe.push_str("\\textbackslash{}"),
            '{' | '}' | '$' | '&' | '#' | '%' | '_' => {
                safe.push('\\');
                safe.push(c);
            }
            '~' => safe.push_str("\\textasciitilde{}"),
            '^' => safe.push_str("\\textasciicircum{}"),
            '<' => safe.push_str("\\textless{}"),
            '>' => safe.push_str("\\textgreater{}"),
            '|' => safe.push_str("\\textbar{}"),
            '"' => safe.push_str("\\textquotedbl{}"),
            '\'' => safe.push_str("\\textquotesingle{}"),
            '`' => safe.push_str("\\textasciigrave{}"),
            '[' | ']' => {
                // In braces: an item or a line break would take it for an option.
                safe.push('{');
                safe.push(c);
                safe.push('}');
            }
            '\u{a0}' => safe.push('~'),
            '\n' | '\r' | '\t' => safe.push(' '),
            ' '..='~' | '\u{a1}'..='\u{17f}' if c != '\u{ad}' => safe.push(c),
            other => safe.push_str(&symbol(other)),
        }
    }
    safe
}

/// The LaTeX command for a character beyond Latin letters.
fn symbol(c: char) -> String {
    let known = match c {
        '\u{202f}' | '\u{2009}' => "\\,",
        '\u{2212}' => "\\ensuremath{-}",
        '–' => "--",
        '—' => "---",
        '‘' => "\\textquoteleft{}",
        '’' => "\\textquoteright{}",
        '“' => "\\textquotedblleft{}",
        '”' => "\\textquotedblright{}",
        '…' => "\\ldots{}",
        '€' => "\\texteuro{}",
        '•' => "\\textbullet{}",
        '⋮' => "\\ensuremath{\\vdots}",
        '→' => "\\ensuremath{\\rightarrow}",
        '←' => "\\ensuremath{\\leftarrow}",
        '↑' => "\\ensuremath{\\uparrow}",
        '↓' => "\\ensuremath{\\downarrow}",
        '≤' => "\\ensuremath{\\leq}",
        '≥' => "\\ensuremath{\\geq}",
        '≈' => "\\ensuremath{\\approx}",
        '≠' => "\\ensuremath{\\neq}",
        '∞' => "\\ensuremath{\\infty}",
        '√' => "\\ensuremath{\\surd}",
        '∑' => "\\ensuremath{\\sum}",
        '∈' => "\\ensuremath{\\in}",
        '✓' => "\\ensuremath{\\checkmark}",
        'α' => "\\ensuremath{\\alpha}",
        'β' => "\\ensuremath{\\beta}",
        'γ' => "\\ensuremath{\\gamma}",
        'δ' => "\\ensuremath{\\delta}",
        'ε' => "\\ensuremath{\\varepsilon}",
        'η' => "\\ensuremath{\\eta}",
        'θ' => "\\ensuremath{\\theta}",
        'κ' => "\\ensuremath{\\kappa}",
        'λ' => "\\ensuremath{\\lambda}",
        'μ' => "\\ensuremath{\\mu}",
        'π' => "\\ensuremath{\\pi}",
        'ρ' => "\\ensuremath{\\rho}",
        'σ' => "\\ensuremath{\\sigma}",
        'τ' => "\\ensuremath{\\tau}",
        'φ' => "\\ensuremath{\\varphi}",
        'χ' => "\\ensuremath{\\chi}",
        'ω' => "\\ensuremath{\\omega}",
        'Δ' => "\\ensuremath{\\Delta}",
        'Σ' => "\\ensuremath{\\Sigma}",
        'Ω' => "\\ensuremath{\\Omega}",
        _ => "",
    };
    if !known.is_empty() {
        return known.to_string();
    }
    if let Some(power) = "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|digit| digit == c) {
        return format!("\\textsuperscript{{{power}}}");
    }
    if let Some(index) = "₀₁₂₃₄₅₆₇₈₉".chars().position(|digit| digit == c) {
        return format!("\\textsubscript{{{index}}}");
    }
    match c {
        '⁻' => "\\textsuperscript{\\ensuremath{-}}".to_string(),
        c if c.is_control() => String::new(),
        c => format!("\\othercharacter{{{:04X}}}{{{c}}}", u32::from(c)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_a_command() {
        assert_eq!(
            escape("50 % & $x_1$ #{~^}\\"),
            "50 \\% \\& \\$x\\_1\\$ \\#\\{\\textasciitilde{}\\textasciicircum{}\\}\\textbackslash{}"
        );
        assert_eq!(escape("1×10⁻⁷"), "1×10\\textsuperscript{\\ensuremath{-}}\\textsuperscript{7}");
        assert_eq!(escape("葛"), "\\othercharacter{845B}{葛}");
    }
}
