//! Crates that know nothing of this kernel, and print their images in evcxr's display protocol.

mod common;

use common::start_with;
use jupyter_protocol::JupyterMessageContent as Content;
use jupyter_protocol::media::MediaType;
use std::time::{Duration, Instant};

/// The parts of what a cell has shown, in order.
fn shown(messages: &[Content]) -> Vec<String> {
    messages
        .iter()
        .map(|message| match message {
            Content::StreamContent(stream) => stream.text.trim().to_string(),
            Content::DisplayData(display) => {
                let kinds = display.data.content.iter().map(|part| match part {
                    MediaType::Png(_) => "PNG",
                    MediaType::Html(_) => "HTML",
                    MediaType::Plotly(_) => "Plotly",
                    MediaType::Plain(_) => "text",
                    _ => "other",
                });
                let mut kinds: Vec<&str> = kinds.collect();
                kinds.sort_unstable();
                format!("<{}>", kinds.join(" "))
            }
            other => other.message_type().to_string(),
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn images_of_other_crates_show_at_once_and_in_order() {
    let mut kernel = start_with(false, |command| {
        // The crate is large, and draws little here.
        command.env("CARGO_PROFILE_DEV_OPT_LEVEL", "0");
    })
    .await;
    kernel
        .good(":dep plotly = { version = \"0.14\", default-features = false }\nuse plotly::{Plot, Scatter};")
        .await;
    kernel
        .good("let mut plot = Plot::new();\nplot.add_trace(Scatter::new(vec![1, 2], vec![3, 4]).name(\"ñ\"));")
        .await;
    // The image comes long after the start of the block.
    kernel
        .good(
            "fn draw() {\n    println!(\"EVCXR_BEGIN_CONTENT image/png\");\n    \
               std::thread::sleep(std::time::Duration::from_millis(100));\n    \
               println!(\"iVBORw0KGgo=\");\n    println!(\"EVCXR_END_CONTENT\");\n}",
        )
        .await;
    let code = "println!(\"uno\");\ndraw();\nplot.notebook_display();\nplot.lab_display();\ndraw();\n\
                println!(\"dos\");\nplot.lab_display();\nstd::thread::sleep(std::time::Duration::from_secs(4));";
    kernel.send(code).await;
    for _ in 0..5 {
        kernel.wait_for(|content| matches!(content, Content::DisplayData(_))).await;
    }
    let seen = Instant::now();
    let reply = loop {
        if let Content::ExecuteReply(reply) = kernel.shell.read().await.unwrap().content {
            break reply;
        }
    };
    assert_eq!(reply.status, jupyter_protocol::ReplyStatus::Ok);
    assert!(seen.elapsed() > Duration::from_secs(2), "only {:?} before the end", seen.elapsed());
    let cell = kernel.good(&code.replace("from_secs(4)", "from_millis(4)")).await;
    let plotly = "<Plotly text>";
    assert_eq!(shown(&cell.messages), ["uno", "<PNG>", "<HTML>", plotly, "<PNG>", "dos", plotly]);
    assert_eq!(shown(&kernel.good("plot").await.messages), [plotly]);
}

/// `petgraph-evcxr` 0.2 is under the LGPL, and `charton` 0.9 brings a data frame's crates: neither is built here. What they
/// write are these lines, to the byte.
const AS_THEY_PRINT: &str = r##"
fn draw_dot(image: &str) {
    println!("EVCXR_BEGIN_CONTENT image/png");
    std::thread::sleep(std::time::Duration::from_millis(50));
    println!("{}", image);
    println!("EVCXR_END_CONTENT");
}
fn show(svg_content: &str) {
    if std::env::var("EVCXR_IS_RUNTIME").is_ok() {
        println!(
            "EVCXR_BEGIN_CONTENT text/html\n{}\nEVCXR_END_CONTENT",
            svg_content
        );
    }
}
"##;

#[tokio::test(flavor = "multi_thread")]
async fn what_petgraph_and_charton_print_shows_at_once_and_whole() {
    let mut kernel = common::start(false).await;
    kernel.good(AS_THEY_PRINT).await;
    let image = "iVBORw0KGgo=";
    let chart = |name: &str| {
        format!("<svg xmlns=\"http://www.w3.org/2000/svg\">\n\n  <text>{name}</text>\n</svg>\n")
    };
    let code = format!(
        "println!(\"uno\");\nshow({:?});\nshow({:?});\ndraw_dot({image:?});\ndraw_dot({image:?});\n\
         println!(\"dos\");\nshow({:?});\nstd::thread::sleep(std::time::Duration::from_secs(4));",
        chart("ñ"),
        chart("b"),
        chart("c"),
    );
    kernel.send(&code).await;
    let mut charts = Vec::new();
    for _ in 0..5 {
        let shown = kernel.wait_for(|content| matches!(content, Content::DisplayData(_))).await;
        let Content::DisplayData(shown) = shown else { continue };
        charts.extend(shown.data.content.into_iter().filter_map(|part| match part {
            MediaType::Html(html) => Some(html.trim_end().to_string()),
            _ => None,
        }));
    }
    let seen = Instant::now();
    let cell = kernel.finish().await;
    assert_eq!(cell.reply.status, jupyter_protocol::ReplyStatus::Ok);
    assert!(seen.elapsed() > Duration::from_secs(2), "only {:?} before the end", seen.elapsed());
    assert_eq!(charts, ["ñ", "b", "c"].map(|name| chart(name).trim_end().to_string()));
    let cell = kernel.good(&code.replace("from_secs(4)", "from_millis(4)")).await;
    let expected = ["uno", "<HTML>", "<HTML>", "<PNG>", "<PNG>", "dos", "<HTML>"];
    assert_eq!(shown(&cell.messages), expected);
}
