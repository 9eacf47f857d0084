//! A network as a table of its layers, in the style of torchinfo.

use super::{Inputs, Model, Parameter, Pass};
use crate::Result;
use crate::notebook::{Bundle, Show, show_in_cells};
use crate::tensor::device_name;
use dfdx::shapes::{HasShape, Shape};
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
    /// Multiplications with their additions for the whole batch, counted as torchinfo does: each weight and bias of a
    /// convolution once a position of the output, of any other layer once an example. An embedding multiplies nothing.
    pub multiply_adds: usize,
}

impl SummaryRow {
    /// A layer of this kind with these parameters, whose name is still to be set.
    pub(super) fn of<'a>(
        kind: &str,
        parameters: impl IntoIterator<Item = &'a Parameter>,
        output: Vec<usize>,
    ) -> Self {
        let (mut count, mut trainable) = (0, true);
        for parameter in parameters {
            count += parameter.count();
            trainable &= parameter.is_trainable();
        }
        let examples = output.first().copied().unwrap_or(0);
        let times = match kind {
            "Embedding" => 0,
            "Conv1d" | "Conv2d" => examples * output.iter().skip(2).product::<usize>(),
            _ => examples,
        };
        Self {
            name: String::new(),
            kind: kind.to_string(),
            output,
            parameters: count,
            trainable,
            multiply_adds: count * times,
        }
    }
}

/// The layers of a network with their output shapes and parameters.
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
    /// The layers in the order in which they ran.
    pub rows: Vec<SummaryRow>,
    /// All parameters.
    pub total: usize,
    /// Those that training changes.
    pub trainable: usize,
    /// Numbers that went in.
    pub inputs: usize,
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

    /// The multiplications with their additions of all layers.
    pub fn multiply_adds(&self) -> usize {
        self.rows.iter().map(|row| row.multiply_adds).sum()
    }

    /// Bytes of the outputs of the layers that have weights, twice, for their gradients: torchinfo's estimate of what a
    /// forward and a backward pass take.
    pub fn pass_bytes(&self) -> usize {
        let outputs = self.rows.iter().filter(|row| row.parameters > 0);
        outputs.map(|row| 2 * row.output.iter().product::<usize>() * size_of::<f32>()).sum()
    }

    /// The figures below the table.
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
