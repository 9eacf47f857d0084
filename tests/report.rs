//! A report as a user writes it: collected, exported, and read by the programs it is meant for.

use cuaderno::plot::{self, Group, Language, Metric};
use cuaderno::report::{Report, TableExport};
use cuaderno::table::Table;
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("cuaderno-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn table() -> Table {
    Table::from_columns(vec![
        ("modelo", vec!["A & B_1", "100 % {x} $y$ #1", "葛飾 <b> α → β ~ ^ \\"].into()),
        ("exactitud", vec![Some(0.6737), Some(0.716), None].into()),
        ("parámetros", vec![11_689_512_i64, 3_000_000, 12].into()),
    ])
    .unwrap()
}

fn report(folder: &Path) -> Report {
    let mut report = Report::new(folder.join("memoria").to_string_lossy())
        .title("Interés turístico & <más>")
        .author("Ana Núñez")
        .language(Language::Spanish);
    report.section("Datos");
    report.paragraph("Hay **1 045** puntos de interés; la [figure: Clases] muestra las clases, y la [table: Comparación] los modelos. La exactitud es [number: exactitud en la prueba].");
    report.figure(
        &plot::bars(&["baja", "media", "alta"], &[523.0, 500.5, 22.0]).unwrap().title("Clases"),
    );
    report.subsection("Resultados");
    report.paragraph("- primero: *bien*\n- segundo: `fit()`");
    let curves = plot::curves(&[
        Metric::lower("pérdida", &[1.1, 0.8, 0.6], &[1.0, 0.7, 0.9]),
        Metric::higher("exactitud", &[0.4, 0.6, 0.7], &[0.3, 0.6, 0.5]),
    ]);
    report.figure(&curves.unwrap().title("Curvas de aprendizaje").caption("Modelo A"));
    report.table("Comparación", &table());
    report.number("exactitud en la prueba", 0.6837);
    report.number_with_interval("F1", 0.35, 0.31, 0.39);
    report.fact("semilla", 42).fact("datos", "poi.csv");
    let groups = [Group::new("uno", &[1.0, 2.0, 2.5, 7.0])];
    report.section("Discusión").figure(&plot::histogram(&groups).unwrap().title("Visitas"));
    report
}

#[test]
fn a_report_is_a_folder_of_readable_files() {
    let folder = folder("report");
    let written = report(&folder).write().unwrap();
    let read = |name: &str| std::fs::read_to_string(written.folder().join(name)).unwrap();
    let markdown = read("report.md");
    assert!(markdown.contains("## 1 Datos") && markdown.contains("### 1.1 Resultados"));
    assert!(markdown.contains("![figura: Clases, 3 barras](figures/clases.png)"), "{markdown}");
    let curves = "figura: Curvas de aprendizaje, pérdida y exactitud en 3 épocas. Modelo A";
    assert!(markdown.contains(&format!("![{curves}]")), "{markdown}");
    assert!(markdown.contains("[figura\u{a0}1](#fig-clases)"), "{markdown}");
    assert!(markdown.contains("**Figura 2.** Curvas de aprendizaje. Modelo A"));
    assert!(
        markdown.contains("| A & B\\_1 | 0,6737 | 11\u{202f}689\u{202f}512 |")
            || markdown.contains("A &amp; B\\_1 | 0,6737")
    );
    assert!(
        markdown.contains("0,684") && markdown.contains("0,350 [0,310; 0,390]")
            || markdown.contains("0,350 \\[0,310; 0,390\\]")
    );
    let html = read("report.html");
    assert!(html.contains("Interés turístico &amp; &lt;más&gt;") && !html.contains("<script"));
    assert!(html.contains("<a href=\"#fig-clases\">figura\u{a0}1</a>"));
    assert_eq!(html.matches("<figure id=").count(), 3);
    assert!(
        !html.contains("src=\"figures") && !html.contains("http:") || html.contains("www.w3.org")
    );
    for name in ["clases", "curvas-de-aprendizaje", "visitas"] {
        for end in ["png", "svg", "pdf"] {
            assert!(
                written.files().contains(&written.folder().join(format!("figures/{name}.{end}")))
            );
        }
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn latex_compiles_the_report() {
    if Command::new("pdflatex").arg("--version").output().is_err() {
        println!("skipped: there is no pdflatex");
        return;
    }
    let folder = folder("latex");
    let written = report(&folder).write().unwrap();
    for _ in 0..2 {
        let run = Command::new("pdflatex")
            .args(["-interaction=nonstopmode", "-halt-on-error", "report.tex"])
            .current_dir(written.folder())
            .output()
            .unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
    }
    let log = std::fs::read(written.folder().join("report.log")).unwrap();
    let log = String::from_utf8_lossy(&log);
    assert!(!log.contains("undefined references") && !log.contains("Missing character"), "{log}");
    if std::env::var_os("KEEP").is_none() {
        std::fs::remove_dir_all(folder).unwrap();
    }
}

#[test]
fn a_table_is_exported_in_three_formats() {
    let export = TableExport::new(&table())
        .caption("Modelos")
        .label("tab:m")
        .decimals(2)
        .language(Language::Spanish);
    assert!(export.latex().contains("\\caption{Modelos}\\label{tab:m}"));
    assert!(export.latex().contains("A \\& B\\_1 & 0,67 & 11\\,689\\,512 \\\\"));
    assert!(
        export.html().contains("<caption>Modelos</caption>") && export.html().contains("&lt;b&gt;")
    );
    assert!(export.markdown().starts_with("**Modelos**\n\n| modelo | exactitud | parámetros |"));
}

/// A cell of several lines, as Excel for Windows and old Macs write them, stays one row of the table.
#[test]
fn line_breaks_of_every_kind_stay_in_their_cell() {
    let texts = vec!["a\r\nb", "c\rd", "e\nf|g"];
    let table = cuaderno::table::Table::from_columns(vec![("x", texts.into())]).unwrap();
    let export = cuaderno::report::TableExport::new(&table);
    assert_eq!(export.markdown(), "| x |\n| :--- |\n| a  b |\n| c d |\n| e f\\|g |\n");
    assert!(!export.latex().contains('\r') && export.latex().contains("c d"));
}
