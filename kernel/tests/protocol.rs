//! The messaging specification beside the execution of cells.

mod common;

use common::{EXE, Kernel, folder, plain, start};
use jupyter_protocol::{
    CommInfoRequest, ExecuteRequest, HistoryEntry, HistoryRequest, IsCompleteReplyStatus as Judged,
    IsCompleteRequest, JupyterMessageContent as Content, KernelInfoRequest, ReplyStatus,
};
use std::process::Command;

fn cell(code: &str, change: impl FnOnce(&mut ExecuteRequest)) -> ExecuteRequest {
    let mut request = ExecuteRequest::new(code.to_string());
    change(&mut request);
    request
}

/// The last cells that the history holds.
async fn history(kernel: &mut Kernel) -> Vec<String> {
    told(kernel, HistoryRequest::Tail { n: 50, output: false, raw: true }).await
}

/// The cells that a request for the history brings.
async fn told(kernel: &mut Kernel, request: HistoryRequest) -> Vec<String> {
    kernel.shell.send(request.into()).await.unwrap();
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

#[tokio::test(flavor = "multi_thread")]
async fn code_is_judged_complete_or_not_before_it_runs() {
    let mut kernel = start(false).await;
    for (code, judged, indent) in [
        ("let x = 1;", Judged::Complete, ""),
        ("for i in 0..3 {", Judged::Incomplete, "    "),
        ("let s = \"ñ", Judged::Incomplete, ""),
        ("fn f() { if true {", Judged::Incomplete, "        "),
        ("let ]", Judged::Invalid, ""),
    ] {
        let request = IsCompleteRequest { code: code.to_string() };
        kernel.shell.send(request.into()).await.unwrap();
        let Content::IsCompleteReply(reply) = kernel.answer().await else { panic!("no answer") };
        assert_eq!((&reply.status, reply.indent.as_str()), (&judged, indent), "{code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kernel_says_what_it_is() {
    let mut kernel = start(false).await;
    kernel.shell.send(KernelInfoRequest {}.into()).await.unwrap();
    let Content::KernelInfoReply(reply) = kernel.answer().await else { panic!("no answer") };
    assert!(!reply.debugger);
    assert_eq!(reply.implementation, "cuaderno");
    let language = serde_json::to_value(&reply.language_info).unwrap();
    for (name, value) in [
        ("name", "rust"),
        ("pygments_lexer", "rust"),
        ("codemirror_mode", "rust"),
        ("mimetype", "text/rust"),
        ("file_extension", ".rs"),
    ] {
        assert_eq!(language[name], value, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_is_searched_cut_and_kept_over_restarts() {
    let mark = format!("mark{}", std::process::id());
    let cells = ["ñandú", "dos", "tres"].map(|name| format!("let _{name}_{mark} = 1;"));
    let mut kernel = start(false).await;
    for cell in &cells {
        kernel.good(cell).await;
    }
    let range =
        |session| HistoryRequest::Range { session, start: 1, stop: 3, output: false, raw: true };
    assert_eq!(told(&mut kernel, range(Some(0))).await, cells[..2]);
    drop(kernel);
    let mut kernel = start(false).await;
    let search = |pattern: String| HistoryRequest::Search {
        pattern,
        unique: false,
        output: false,
        raw: true,
        n: 10,
    };
    assert_eq!(told(&mut kernel, search(format!("*_{mark}*"))).await, cells);
    assert_eq!(told(&mut kernel, search(format!("*_?os_{mark} = *"))).await, cells[1..2]);
    kernel.good(&format!("let _{mark} = 2;")).await;
    let mut all = history(&mut kernel).await;
    all.retain(|cell| cell.contains(&mark));
    assert_eq!(all.len(), 4);
    // Other tests' kernels may have been in between, so that only this session is certain.
    assert_eq!(told(&mut kernel, range(Some(0))).await, [format!("let _{mark} = 2;")]);
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
