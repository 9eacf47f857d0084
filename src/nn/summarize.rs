//! Counts the parameters and multiplications of a layer for its summary row.

use super::parameter::Parameter;
use super::summary_row::SummaryRow;

impl SummaryRow {
    /// The row of a layer of this type with these parameters; [`Pass::note`](super::pass::Pass::note) sets its name.
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
