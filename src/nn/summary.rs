//! A network as a table of its layers, in the style of torchinfo.

use super::inputs::Inputs;
use super::model::Model;
use super::pass::Pass;
use super::summary_row::SummaryRow;
use crate::Result;
use crate::notebook::{Bundle, Show, show_in_cells};
use crate::tensor::device_name;
use dfdx::shapes::{HasShape, Shape};
use std::fmt;

/// A table of a network's layers with output shapes, parameters and multiply-adds, as torchinfo's `summary`.
///
/// ```
/// use cuaderno::models::resnet18;
/// # fn main() -> cuaderno::Result<()> {
/// let summary = resnet18(1000, 0)?.summary()?;
/// assert_eq!((summary.total, summary.multiply_adds()), (11_689_512, 1_814_083_944));
/// println!("{summary}");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The layers in order of execution.
    pub rows: Vec<SummaryRow>,
    /// The number of parameters.
    pub total: usize,
    /// The number of trainable parameters.
    pub trainable: usize,
    /// The number of input values.
    pub inputs: usize,
}

impl Summary {
    /// Runs `model` once in inference on `inputs` and collects a row per layer.
    ///
    /// # Errors
    /// Those of the forward pass.
    pub fn new(model: &dyn Model, inputs: &Inputs) -> Result<Self> {
        let pass = Pass::tracing();
        model.forward(inputs, &pass)?;
        let parameters = model.parameters();
        let count = |trainable_only: bool| {
            let counted = parameters.iter().filter(|(_, p)| p.is_trainable() || !trainable_only);
            counted.map(|(_, p)| p.count()).sum()
        };
        let images = inputs.images.iter().map(|t| t.shape().num_elements());
        let features = inputs.features.iter().map(|t| t.shape().num_elements());
        let tokens = inputs.tokens.iter().map(|t| t.len());
        Ok(Self {
            rows: pass.into_trace(),
            total: count(false),
            trainable: count(true),
            inputs: images.chain(features).chain(tokens).sum(),
        })
    }

    /// The multiply-adds of all layers for the whole batch.
    pub fn multiply_adds(&self) -> usize {
        self.rows.iter().map(|row| row.multiply_adds).sum()
    }

    /// torchinfo's estimate of the memory of a forward and a backward pass, in bytes: twice the outputs of the layers with
    /// parameters.
    pub fn pass_bytes(&self) -> usize {
        let outputs = self.rows.iter().filter(|row| row.parameters > 0);
        outputs.map(|row| 2 * row.output.iter().product::<usize>() * size_of::<f32>()).sum()
    }

    /// The totals below the table.
    fn totals(&self) -> [(&'static str, String); 9] {
        let megabytes = |bytes: usize| format!("{:.2} MB", bytes as f64 / 1e6);
        let [inputs, parameters] = [self.inputs, self.total].map(|count| count * size_of::<f32>());
        let passes = self.pass_bytes();
        [
            ("Total parameters", grouped(self.total)),
            ("Trainable parameters", grouped(self.trainable)),
            ("Non-trainable parameters", grouped(self.total - self.trainable)),
            ("Total multiply-adds", grouped(self.multiply_adds())),
            ("Input size", megabytes(inputs)),
            ("Forward/backward pass size", megabytes(passes)),
            ("Parameters size", megabytes(parameters)),
            ("Estimated total size", megabytes(inputs + passes + parameters)),
            ("Device", device_name().to_string()),
        ]
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
        let mut totals = self.totals().into_iter();
        totals.try_for_each(|(what, value)| write!(f, "\n{what}: {value}"))
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
        html += "</tbody></table><p>";
        html += &self.totals().map(|(what, value)| format!("{what}: {value}")).join("<br>");
        html += "</p>";
        Bundle { plain: self.to_string(), html: Some(html), ..Bundle::default() }
    }
}

fn align(column: usize) -> &'static str {
    if column < 3 { "left" } else { "right" }
}

show_in_cells!(Summary);
