//! Crates that know nothing of this kernel, and print their pictures in evcxr's display protocol.

mod common;

use common::{folder, start_with};
use jupyter_protocol::JupyterMessageContent as Content;
use jupyter_protocol::media::MediaType;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

/// What stands for Graphviz, which need not be there: it reads a graph and writes a picture.
fn graphviz() -> std::ffi::OsString {
    let tools = folder("graphviz");
    let dot = tools.join("dot");
    std::fs::write(&dot, "#!/bin/sh\ncat > /dev/null\nprintf 'a picture'\n").unwrap();
    std::fs::set_permissions(&dot, PermissionsExt::from_mode(0o755)).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    std::env::join_paths(std::iter::once(tools).chain(std::env::split_paths(&path))).unwrap()
}

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
async fn pictures_of_other_crates_show_at_once_and_in_order() {
    let path = graphviz();
    let mut kernel = start_with(false, |command| {
        command.env("PATH", path);
    })
    .await;
    kernel.good(":dep petgraph-evcxr = \"=0.2.0\"\n:dep petgraph = \"0.5\"\nuse petgraph::graph::Graph;\nuse petgraph_evcxr::draw_graph;").await;
    // A crate that shows JSON, and one that shows HTML, as `plotly` and `charton` do.
    let items = "fn show(kind: &str, text: &str) { println!(\"EVCXR_BEGIN_CONTENT {kind}\\n{text}\\nEVCXR_END_CONTENT\"); }";
    kernel.good(items).await;
    kernel.good("let mut graph: Graph<&str, &str> = Graph::new();\nlet (a, b) = (graph.add_node(\"año\"), graph.add_node(\"b\"));\ngraph.add_edge(a, b, \"→\");").await;
    let code = "println!(\"uno\");\ndraw_graph(&graph);\nshow(\"text/html\", \"<svg/>\");\n\
                show(\"application/vnd.plotly.v1+json\", \"{}\");\ndraw_graph(&graph);\nprintln!(\"dos\");\n\
                draw_graph(&graph);\nstd::thread::sleep(std::time::Duration::from_secs(4));";
    kernel.send(code).await;
    let mut pictures = 0;
    while pictures < 5 {
        kernel.wait_for(|content| matches!(content, Content::DisplayData(_))).await;
        pictures += 1;
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
    let expected = ["uno", "<PNG>", "<HTML>", "<Plotly text>", "<PNG>", "dos", "<PNG>"];
    assert_eq!(shown(&cell.messages), expected);
}
