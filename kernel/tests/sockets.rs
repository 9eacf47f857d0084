//! Clients that connect, disconnect, forge messages or send garbage, and the end of the kernel.

mod common;

use common::{EXE, Kernel, family, folder, free_ports, start, start_at, start_with};
use jupyter_protocol::{
    ExecuteRequest, InputReply, JupyterMessage, JupyterMessageContent as Content,
    KernelInfoRequest, ReplyStatus, ShutdownRequest,
};
use jupyter_zmq_client::{
    create_client_iopub_connection, create_client_shell_connection_with_identity,
    peer_identity_for_session,
};
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Other tests keep the machine busy meanwhile.
const PATIENCE: Duration = Duration::from_secs(600);

/// Every port of the kernel as a plain connection.
fn connections(kernel: &Kernel) -> Vec<TcpStream> {
    let info = &kernel.info;
    [info.shell_port, info.control_port, info.stdin_port, info.iopub_port, info.hb_port]
        .map(|port| TcpStream::connect(("127.0.0.1", port)).unwrap())
        .into()
}

/// The greeting of a ZeroMQ client: version 3.0 without encryption.
fn greeting() -> Vec<u8> {
    let mut bytes = vec![0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0];
    bytes.extend(b"NULL");
    bytes.resize(64, 0);
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_strangers_send_stops_the_kernel() {
    let mut kernel = start(false).await;
    let ready =
        [&greeting()[..], b"\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER"].concat();
    let after_ready = |bytes: &[u8]| [&ready[..], bytes].concat();
    let mut strangers = Vec::new();
    for words in [
        b"GET / HTTP/1.1\r\nHost: kernel\r\n\r\n".to_vec(),
        // A greeting that breaks off.
        greeting()[..20].to_vec(),
        // A long frame of a gigabyte, of which three bytes come.
        after_ready(&[2, 0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3]),
        // Whole messages that are none of Jupyter's: no delimiter, and too few parts after it.
        after_ready(b"\x00\x05hello\x01\x09<IDS|MSG>\x00\x02{}"),
    ] {
        for mut stream in connections(&kernel) {
            // The kernel may hang up before the last word.
            let _ = stream.write_all(&words);
            strangers.push(stream);
        }
    }
    assert_eq!(kernel.good("println!(\"well\");").await.text(false), "well\n");
    // A client that vanishes in the middle of its message.
    drop(strangers);
    assert_eq!(kernel.good("println!(\"still\");").await.text(false), "still\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_a_hundred_megabytes_is_answered() {
    let mut kernel = start(false).await;
    let mut request: JupyterMessage = KernelInfoRequest {}.into();
    request.buffers.push(vec![7u8; 100 << 20].into());
    let id = request.header.msg_id.clone();
    kernel.shell.send(request).await.unwrap();
    let reply = tokio::time::timeout(PATIENCE, async {
        loop {
            let reply = kernel.shell.read().await.unwrap();
            if reply.parent_header.as_ref().is_some_and(|parent| parent.msg_id == id) {
                return reply;
            }
        }
    });
    assert!(matches!(reply.await.unwrap().content, Content::KernelInfoReply(_)));
    kernel.good("1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clients_share_a_kernel_and_each_gets_its_own_replies() {
    let mut kernel = start(false).await;
    let identity = peer_identity_for_session("second").unwrap();
    let mut second = create_client_shell_connection_with_identity(&kernel.info, "second", identity)
        .await
        .unwrap();
    let mut watching = create_client_iopub_connection(&kernel.info, "", "second").await.unwrap();
    kernel.good("let shared = 41;").await;
    // The subscription takes a moment to arrive; what is published then comes to both.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let request = ExecuteRequest::new("println!(\"{}\", shared + 1);".into());
    let request: JupyterMessage = request.into();
    let id = request.header.msg_id.clone();
    second.send(request).await.unwrap();
    let reply = tokio::time::timeout(PATIENCE, second.read()).await.unwrap().unwrap();
    assert_eq!(reply.parent_header.unwrap().msg_id, id);
    let seen = tokio::time::timeout(PATIENCE, async {
        loop {
            let message = watching.read().await.unwrap();
            if let Content::StreamContent(stream) = message.content {
                return (message.parent_header.unwrap().msg_id, stream.text);
            }
        }
    });
    assert_eq!(seen.await.unwrap(), (id, "42\n".to_string()));
    let none = tokio::time::timeout(Duration::from_millis(300), kernel.shell.read()).await;
    assert!(none.is_err(), "the first client got the second one's reply");
    // A client that is gone while its cell runs takes nothing with it.
    let cell = "std::thread::sleep(std::time::Duration::from_millis(800)); let late = 5;";
    second.send(ExecuteRequest::new(cell.into()).into()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(second);
    assert_eq!(kernel.good("println!(\"{}\", late);").await.text(false), "5\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_that_asks_gets_what_the_user_types() {
    let mut kernel = start(false).await;
    let ask = "println!(\"EVCXR_INPUT_REQUEST:name?\");\nlet mut name = String::new();\n\
               std::io::stdin().read_line(&mut name)?;\nprintln!(\"hello {}\", name.trim());";
    let mut cell = ExecuteRequest::new(ask.into());
    cell.allow_stdin = true;
    kernel.shell.send(cell.into()).await.unwrap();
    let request = tokio::time::timeout(PATIENCE, kernel.stdin.read()).await.unwrap().unwrap();
    let Content::InputRequest(question) = &request.content else { panic!("{request:?}") };
    assert_eq!(question.prompt, "name?");
    let answer = InputReply { value: "Ada".to_string(), ..Default::default() };
    let answer = JupyterMessage::new(answer, Some(&request));
    kernel.stdin.send(answer).await.unwrap();
    let cell = kernel.finish().await;
    assert_eq!(cell.reply.status, ReplyStatus::Ok, "{:?}", cell.messages);
    assert_eq!(cell.text(false), "hello Ada\n");
}

fn sessions() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder("cache").join("sessions")).into_iter().flatten();
    entries.flatten().map(|entry| entry.path()).collect()
}

/// The processes whose environment or arguments name a session's folder.
fn processes_of(session: &std::path::Path) -> usize {
    let needle = session.to_str().unwrap().as_bytes().to_vec();
    let names = |file: PathBuf| {
        let text = std::fs::read(file).unwrap_or_default();
        text.windows(needle.len()).any(|part| part == needle)
    };
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|process| ["environ", "cmdline"].iter().any(|file| names(process.join(file))))
        .count()
}

async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The session folder that a new kernel has made. Other tests make theirs meanwhile, so that a kernel is
/// told by its process.
fn session_of(kernel: &Kernel) -> PathBuf {
    let lock = |session: &PathBuf| std::fs::canonicalize(session.join("lock")).ok();
    let open: Vec<PathBuf> = std::fs::read_dir(format!("/proc/{}/fd", kernel.child.id()))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| std::fs::read_link(entry.path()).ok())
        .collect();
    sessions()
        .into_iter()
        .find(|session| lock(session).is_some_and(|lock| open.contains(&lock)))
        .expect("the kernel holds the lock of its session")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_ends_all_processes_and_leaves_no_folder() {
    let mut kernel = start(false).await;
    kernel.good("let v = 1;").await;
    let session = session_of(&kernel);
    assert!(processes_of(&session) >= 2, "evcxr and the cells");
    // Files that the kernel writes, its keys among them, are readable by the user alone.
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&session), 0o700);
    for file in [session.join("inner.json"), folder("cache").join("history.jsonl")] {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    kernel.control.send(ShutdownRequest { restart: false }.into()).await.unwrap();
    let reply = tokio::time::timeout(PATIENCE, kernel.control.read()).await.unwrap().unwrap();
    assert!(matches!(reply.content, Content::ShutdownReply(_)));
    let mut status = None;
    eventually("the kernel ends", || {
        status = kernel.child.try_wait().unwrap();
        status.is_some()
    })
    .await;
    assert!(status.unwrap().success());
    eventually("its processes end", || processes_of(&session) == 0).await;
    assert!(!session.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_kernel_answers_on_the_same_ports_without_the_variables() {
    let info = free_ports();
    let command = |file: &std::path::Path| {
        let mut command = std::process::Command::new(EXE);
        command.args(["kernel", "--connection-file"]).arg(file);
        command.env("CUADERNO_CACHE", folder("cache")).env("CUADERNO_ROOT", "/nonexistent");
        command
    };
    let mut kernel = start_at(&info, command).await;
    kernel.good("let v = 1;").await;
    kernel.control.send(ShutdownRequest { restart: true }.into()).await.unwrap();
    let reply = tokio::time::timeout(PATIENCE, kernel.control.read()).await.unwrap().unwrap();
    let Content::ShutdownReply(reply) = reply.content else { panic!("another reply") };
    assert!(reply.restart);
    eventually("the kernel ends", || kernel.child.try_wait().unwrap().is_some()).await;
    drop(kernel);
    let mut kernel = start_at(&info, command).await;
    assert_eq!(kernel.bad("println!(\"{v}\");").await.1, "cannot find value `v` in this scope");
    assert_eq!(kernel.good("1").await.reply.execution_count.0, 2);
}

/// The addresses where a process and those below it listen, as `/proc/net` writes them.
fn listening(id: u32) -> Vec<String> {
    let inodes: Vec<String> = family(id)
        .into_iter()
        .filter_map(|id| std::fs::read_dir(format!("/proc/{id}/fd")).ok())
        .flat_map(|files| files.flatten().filter_map(|file| std::fs::read_link(file.path()).ok()))
        .filter_map(|link| {
            Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_string())
        })
        .collect();
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"]
        .map(|file| std::fs::read_to_string(file).unwrap_or_default());
    let rows = tables.iter().flat_map(|table| table.lines().skip(1));
    rows.map(|row| row.split_whitespace().collect::<Vec<_>>())
        .filter(|row| row[3] == "0A" && inodes.iter().any(|inode| inode == row[9]))
        .map(|row| row[1].to_string())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_port_is_on_loopback() {
    let mut kernel = start(false).await;
    kernel.good("1").await;
    let addresses = listening(kernel.child.id());
    // Five of the front, and five of the kernel behind it.
    assert!(addresses.len() >= 10, "{addresses:?}");
    assert!(addresses.iter().all(|address| address.starts_with("0100007F:")), "{addresses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ports_are_where_the_connection_file_says_and_those_behind_on_loopback() {
    let mut info = free_ports();
    info.ip = "127.0.0.2".to_string();
    let mut kernel = start_at(&info, |file| {
        let mut command = std::process::Command::new(EXE);
        command.args(["kernel", "--connection-file"]).arg(file);
        command.env("CUADERNO_CACHE", folder("cache")).env("CUADERNO_ROOT", "/nonexistent");
        command
    })
    .await;
    kernel.good("1").await;
    let addresses = listening(kernel.child.id());
    let at = |start: &str| addresses.iter().filter(|address| address.starts_with(start)).count();
    assert_eq!(at("0200007F:"), 5, "{addresses:?}");
    assert_eq!(at("0100007F:"), addresses.len() - 5, "{addresses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_kernel_logs_holds_no_key() {
    let log = folder("work").join(format!("log-{}", std::process::id()));
    let file = std::fs::File::create(&log).unwrap();
    let mut kernel = start_with(false, |command| {
        command.env("RUST_LOG", "trace").stdout(file.try_clone().unwrap()).stderr(file);
    })
    .await;
    let mut forged = kernel.info.clone();
    forged.key = "a stranger's key".to_string();
    let identity = peer_identity_for_session("forger").unwrap();
    let mut forger =
        create_client_shell_connection_with_identity(&forged, "forger", identity).await.unwrap();
    forger.send(KernelInfoRequest {}.into()).await.unwrap();
    kernel.good("eprintln!(\"from the cell\");").await;
    let inner = std::fs::read_to_string(session_of(&kernel).join("inner.json")).unwrap();
    let inner: serde_json::Value = serde_json::from_str(&inner).unwrap();
    let inner = inner["key"].as_str().unwrap().to_string();
    kernel.control.send(ShutdownRequest { restart: false }.into()).await.unwrap();
    let mut status = None;
    eventually("the kernel ends", || {
        status = kernel.child.try_wait().unwrap();
        status.is_some()
    })
    .await;
    let said = std::fs::read_to_string(&log).unwrap();
    // The message that was dropped is counted there.
    assert!(said.contains("signature"), "{said}");
    for key in [kernel.info.key.as_str(), &inner] {
        assert!(!key.is_empty() && !said.contains(key), "{said}");
    }
}

/// Whatever ends the processes of a killed kernel looks five times a second whether it is time.
const SOON: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_kernel_leaves_no_process_and_no_folder() {
    let group = |command: &mut std::process::Command| {
        command.process_group(0);
    };
    for with_its_group in [false, true] {
        let mut first = start_with(false, group).await;
        // Two kernels at the same time have variables of their own.
        let mut second = start(false).await;
        first.good("let v = \"first\";").await;
        second.good("let v = \"second\";").await;
        assert_eq!(first.good("println!(\"{v}\");").await.text(false), "first\n");
        let session = session_of(&first);
        assert!(processes_of(&session) >= 3, "evcxr, the cells, and the heir");
        let id = first.child.id();
        let target = if with_its_group { format!("-{id}") } else { id.to_string() };
        let killed = std::process::Command::new("kill").args(["-KILL", "--", &target]).status();
        assert!(killed.unwrap().success());
        first.child.wait().unwrap();
        let killed = Instant::now();
        eventually("folder and processes go", || !session.exists() && processes_of(&session) == 0)
            .await;
        assert!(killed.elapsed() < SOON, "{:?}", killed.elapsed());
        assert_eq!(second.good("println!(\"{v}\");").await.text(false), "second\n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kernel_clears_the_folder_of_one_that_has_no_heir() {
    let left = folder("cache").join("sessions").join(format!("left-{}", std::process::id()));
    std::fs::create_dir_all(left.join("build")).unwrap();
    std::fs::write(left.join("lock"), "").unwrap();
    let mut kernel = start(false).await;
    eventually("the folder goes", || !left.exists()).await;
    kernel.good("1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn expressions_sent_with_a_cell_are_evaluated_after_it() {
    let mut kernel = start(false).await;
    kernel.good("let name = String::from(\"Ada\");").await;
    let mut cell = ExecuteRequest::new("let n = 40; n + 1".into());
    let expressions = [
        ("sum", "n + 2"),
        ("name", "name"),
        ("wrong", "n + missing"),
        ("statement", "let name = 5"),
        ("panics", "Option::<u8>::None.unwrap()"),
    ];
    cell.user_expressions =
        Some(expressions.map(|(name, code)| (name.to_string(), code.to_string())).into());
    kernel.shell.send(cell.into()).await.unwrap();
    let cell = kernel.finish().await;
    assert_eq!(cell.reply.status, ReplyStatus::Ok, "{:?}", cell.messages);
    let count = cell.reply.execution_count;
    let results = cell.messages.iter().filter(|m| matches!(m, Content::ExecuteResult(_))).count();
    assert_eq!(results, 1, "the cell's own: {:?}", cell.messages);
    let values = serde_json::to_value(cell.reply.user_expressions.unwrap()).unwrap();
    let of = |name: &str, part: &str| values[name][part].clone();
    assert_eq!(of("sum", "status"), "ok");
    assert_eq!(of("sum", "data")["text/plain"], "42");
    assert!(of("sum", "metadata").is_object());
    assert_eq!(of("name", "data")["text/plain"], "\"Ada\"");
    for (name, says) in [
        ("wrong", "cannot find value `missing`"),
        ("statement", "not an expression"),
        ("panics", "called `Option::unwrap()` on a `None` value"),
    ] {
        assert_eq!(of(name, "status"), "error");
        assert!(of(name, "evalue").as_str().unwrap().contains(says), "{values}");
        assert!(of(name, "ename").is_string() && of(name, "traceback").is_array(), "{values}");
    }
    // Neither values nor the count of cells have changed; a cell that fails has no expressions.
    let mut cell = ExecuteRequest::new("println!(\"{name} {n}\"); Err::<(), _>(\"no\")?;".into());
    cell.user_expressions = Some([("n".to_string(), "n".to_string())].into());
    kernel.shell.send(cell.into()).await.unwrap();
    let cell = kernel.finish().await;
    assert_eq!(cell.text(false), "Ada 40\n");
    assert_eq!(cell.reply.execution_count.0, count.0 + 1);
    assert_eq!(cell.reply.status, ReplyStatus::Error);
    assert!(cell.reply.user_expressions.unwrap_or_default().is_empty());
}
