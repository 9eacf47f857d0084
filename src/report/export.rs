//! Writing a report into its folder in every format.

use super::collect::Report;
use super::document::Document;
use super::written::Written;
use super::{facts, html, latex, markdown, pdf};
use crate::{Error, ErrorKind, Result};
use std::path::{Component, Path, PathBuf};

impl Report {
    /// Writes the report into its folder: `report.md`, `report.tex`, `report.html`, `report.pdf`, and
    /// its figures in `figures/`. The folder is made in the one that the environment variable
    /// `CUADERNO_OUTPUT` names, if it is set.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] if the name of the report is no folder name, or a paragraph refers to a
    /// figure, table, section or number that the report does not have; [`ErrorKind::Figure`] if a figure
    /// cannot be drawn; [`ErrorKind::File`] with the path that cannot be written.
    pub fn write(&self) -> Result<Written> {
        let output = std::env::var_os("CUADERNO_OUTPUT").filter(|folder| !folder.is_empty());
        self.write_in(&self.folder(output.map(PathBuf::from))?)
    }

    fn folder(&self, output: Option<PathBuf>) -> Result<PathBuf> {
        let name = Path::new(self.name.trim());
        let leaves = |part| matches!(part, Component::ParentDir);
        if name.file_name().is_none() || name.components().any(leaves) {
            return Err(Error::new(
                ErrorKind::Parameter,
                format!("a report needs the name of a folder, found `{}`", self.name),
            )
            .help("give a name such as `memoria`"));
        }
        Ok(output.map_or_else(|| name.to_path_buf(), |folder| folder.join(name)))
    }

    fn write_in(&self, folder: &Path) -> Result<Written> {
        let facts = facts::collect(self.language, self.started.elapsed());
        let document = Document::of(self, facts)?;
        let mut files = Vec::new();
        let mut save = |path: PathBuf, bytes: &[u8]| {
            crate::files::replace(&path, |part| std::fs::write(part, bytes))?;
            files.push(path);
            Ok::<(), Error>(())
        };
        for (stem, figure) in document.figures() {
            let figures = folder.join("figures");
            save(figures.join(format!("{stem}.png")), &figure.png(3.0)?)?;
            save(figures.join(format!("{stem}.svg")), figure.svg()?.as_bytes())?;
            save(figures.join(format!("{stem}.pdf")), &figure.pdf()?)?;
        }
        save(folder.join("report.md"), markdown::write(&document).as_bytes())?;
        save(folder.join("report.tex"), latex::write(&document).as_bytes())?;
        save(folder.join("report.html"), html::write(&document)?.as_bytes())?;
        save(folder.join("report.pdf"), &pdf::write(&document)?)?;
        Ok(Written { folder: folder.to_path_buf(), files, summary: self.contents() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_stays_in_the_output_folder() {
        let folder = |name: &str| Report::new(name).folder(Some("/out".into()));
        assert_eq!(folder("memoria").unwrap(), Path::new("/out/memoria"));
        for name in ["", "..", "../x", "a/../../b"] {
            assert_eq!(folder(name).unwrap_err().kind(), ErrorKind::Parameter, "{name}");
        }
    }
}
