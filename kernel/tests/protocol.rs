//! What the messaging specification asks of a kernel beside running cells.

mod common;

use common::{EXE, Kernel, folder, plain, start};
use jupyter_protocol::{
    CommInfoRequest, ExecuteRequest, HistoryEntry, HistoryRequest,
    JupyterMessageContent as Content, ReplyStatus,
};
use std::process::Command;

fn cell(code: &str, change: impl FnOnce(&mut ExecuteRequest)) -> ExecuteRequest {
    let mut request = ExecuteRequest::new(code.to_string());
    change(&mut request);
    request
}

/// The cells of the session so far that the history holds.
async fn history(kernel: &mut Kernel) -> Vec<String> {
    let tail = HistoryRequest::Tail { n: 50, output: false, raw: true };
    kernel.shell.send(tail.into()).await.unwrap();
    let Content::HistoryReply(reply) = kernel.answer().await else { panic!("no history") };
    let entries = reply.history.into_iter();
    entries
        .map(|entry| match entry {
            HistoryEntry::Input(.., code) | HistoryEntry::InputOutput(.., (code, _)) => code,
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_and_unstored_cells_leave_no_trace() {
    let mut kernel = start(false).await;
    let mark = format!("mark_{}", std::process::id());
    let first = kernel.good(&format!("let {mark} = 1;")).await.reply.execution_count.0;

    let silent = cell(&format!("let quiet = {mark} + 1; quiet"), |cell| {
        cell.silent = true;
        cell.user_expressions = Some([("answer".to_string(), "quiet + 40".to_string())].into());
    });
    kernel.shell.send(silent.into()).await.unwrap();
    let silent = kernel.finish().await;
    assert_eq!(silent.reply.status, ReplyStatus::Ok, "{:?}", silent.messages);
    let results = silent.messages.iter().any(|m| matches!(m, Content::ExecuteResult(_)));
    assert!(!results, "{:?}", silent.messages);
    let values = serde_json::to_value(silent.reply.user_expressions.unwrap()).unwrap();
    assert_eq!(values["answer"]["data"]["text/plain"], "42");

    let unstored = cell(&format!("let unkept = {mark} + 2;"), |cell| cell.store_history = false);
    kernel.shell.send(unstored.into()).await.unwrap();
    assert_eq!(kernel.finish().await.reply.status, ReplyStatus::Ok);

    // Both ran, neither counts.
    let code = format!("println!(\"{{quiet}} {{unkept}} {{{mark}}}\");");
    let last = kernel.good(&code).await;
    assert_eq!(last.text(false), "2 3 1\n");
    assert_eq!(last.reply.execution_count.0, first + 1);
    let mut told = history(&mut kernel).await;
    told.retain(|code| code.contains(&mark));
    assert_eq!(told, [format!("let {mark} = 1;"), code]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_need_not_stop_the_queue_does_not() {
    let mut kernel = start(false).await;
    for stop in [false, true] {
        let failing = cell("Err::<(), _>(\"no\")?;", |cell| cell.stop_on_error = stop);
        kernel.shell.send(failing.into()).await.unwrap();
        kernel.send("println!(\"after\");").await;
        assert_eq!(kernel.finish().await.reply.status, ReplyStatus::Error);
        let next = kernel.finish().await;
        assert_eq!(next.reply.status == ReplyStatus::Ok, !stop, "{:?}", next.reply);
        assert_eq!(next.text(false), if stop { "" } else { "after\n" });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kernel_without_comms_says_so() {
    let mut kernel = start(false).await;
    kernel.shell.send(CommInfoRequest { target_name: None }.into()).await.unwrap();
    let Content::CommInfoReply(reply) = kernel.answer().await else { panic!("no answer") };
    assert_eq!(reply.status, ReplyStatus::Ok);
    assert!(reply.comms.is_empty());
}

#[test]
fn the_kernelspec_comes_and_goes() {
    let data = folder("jupyter-data");
    let run = |verb: &str| {
        let output = Command::new(EXE)
            .arg(verb)
            .env("JUPYTER_DATA_DIR", &data)
            .env("CUADERNO_CACHE", folder("cache"))
            .env("CUADERNO_ROOT", "/nonexistent")
            .output()
            .unwrap();
        let said = plain(&String::from_utf8_lossy(&output.stdout));
        (output.status.success(), said)
    };
    let spec = data.join("kernels/cuaderno/kernel.json");
    assert!(run("install").0 && spec.is_file());
    let text = std::fs::read_to_string(&spec).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["argv"][0], EXE);
    assert_eq!(value["interrupt_mode"], "message");
    assert_eq!(value["metadata"]["debugger"], false);
    assert!(run("uninstall").0 && !spec.exists());
    assert_eq!(run("uninstall"), (true, "it was not installed\n".to_string()));
}
