//! A network as a table of its layers, in the style of torchinfo.

use super::{Inputs, Model, Pass};
use crate::Result;
use crate::notebook::{Bundle, Show, show_in_cells};
use crate::tensor::device_name;
use std::fmt;

/// One layer of a [`Summary`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryRow {
    /// The layer's place in the network.
    pub name: String,
    /// Its type.
    pub kind: String,
    /// The shape of its output.
    pub output: Vec<usize>,
    /// Its number of weights.
    pub parameters: usize,
    /// Whether training changes all of them.
    pub trainable: bool,
    /// Multiplications with their additions for one batch of one.
    pub multiply_adds: usize,
}

/// The layers of a network with their output shapes and parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The layers in the order in which they ran.
    pub rows: Vec<SummaryRow>,
    /// All parameters.
    pub total: usize,
    /// Those that training changes.
    pub trainable: usize,
}

impl Summary {
    /// Runs `model` once on `inputs` and notes what each layer makes.
    pub fn new(model: &dyn Model, inputs: &Inputs) -> Result<Self> {
        let pass = Pass::tracing();
        model.forward(inputs, &pass)?;
        let parameters = model.parameters();
        let count = |trainable_only: bool| {
            let counted = parameters.iter().filter(|(_, p)| p.is_trainable() || !trainable_only);
            counted.map(|(_, p)| p.count()).sum()
        };
        Ok(Self { rows: pass.into_trace(), total: count(false), trainable: count(true) })
    }
}

/// 4199939 as 4,199,939.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

const HEADER: [&str; 6] =
    ["Layer", "Type", "Output shape", "Parameters", "Trainable", "Multiply-adds"];

impl Summary {
    fn cells(&self) -> Vec<[String; 6]> {
        let rows = self.rows.iter().map(|row| {
            let has = row.parameters > 0;
            [
                row.name.clone(),
                row.kind.clone(),
                format!("{:?}", row.output),
                if has { grouped(row.parameters) } else { String::new() },
                if has { if row.trainable { "yes" } else { "no" } } else { "" }.to_string(),
                if row.multiply_adds > 0 { grouped(row.multiply_adds) } else { String::new() },
            ]
        });
        rows.collect()
    }

    fn totals(&self) -> String {
        let adds: usize = self.rows.iter().map(|row| row.multiply_adds).sum();
        format!(
            "{} parameters ({} trainable), {:.1} MB; {} multiply-adds; {}",
            grouped(self.total),
            grouped(self.trainable),
            self.total as f64 * 4.0 / 1e6,
            grouped(adds),
            device_name(),
        )
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells = self.cells();
        let width = |c: usize| {
            let longest = cells.iter().map(|row| row[c].chars().count()).max().unwrap_or(0);
            longest.max(HEADER[c].len())
        };
        let widths: Vec<usize> = (0..6).map(width).collect();
        let mut line = |row: &[String; 6]| {
            for (c, text) in row.iter().enumerate() {
                let width = widths[c];
                let end = if c == 5 { "\n" } else { "  " };
                if c < 3 {
                    write!(f, "{text:<width$}{end}")?
                } else {
                    write!(f, "{text:>width$}{end}")?
                }
            }
            Ok(())
        };
        line(&HEADER.map(String::from))?;
        cells.iter().try_for_each(&mut line)?;
        f.write_str(&self.totals())
    }
}

impl Show for Summary {
    fn bundle(&self) -> Bundle {
        let mut html = String::from("<table><thead><tr>");
        for (c, text) in HEADER.iter().enumerate() {
            html += &format!("<th style=\"text-align:{}\">{text}</th>", align(c));
        }
        html += "</tr></thead><tbody>";
        for row in self.cells() {
            html += "<tr>";
            for (c, text) in row.iter().enumerate() {
                html += &format!("<td style=\"text-align:{}\">{text}</td>", align(c));
            }
            html += "</tr>";
        }
        html += &format!("</tbody></table><p>{}</p>", self.totals());
        Bundle { plain: self.to_string(), html: Some(html), ..Bundle::default() }
    }
}

fn align(column: usize) -> &'static str {
    if column < 3 { "left" } else { "right" }
}

show_in_cells!(Summary);
