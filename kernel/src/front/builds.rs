//! Stops processes: a compilation, as while cargo runs there is no cell to interrupt, and what a cell has started.

use rustix::process::{Pid, Signal, kill_process};

/// Ends the compilation that the inner kernel has started, with all its processes; returns whether there was one.
///
/// Looks into `/proc`; where there is none, a compilation cannot be stopped.
pub fn stop(inner: u32) -> bool {
    let builds: Vec<u32> = children(inner)
        .into_iter()
        .filter(|id| matches!(name(*id).as_str(), "cargo" | "rustc" | "mold"))
        .collect();
    for build in &builds {
        end_tree(*build);
    }
    !builds.is_empty()
}

/// Ends a process.
pub fn kill(id: u32) {
    if let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// Interrupts the processes that a process has started, and theirs.
pub fn interrupt_children(id: u32) {
    for child in children(id) {
        interrupt_children(child);
        if let Some(pid) = i32::try_from(child).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::INT);
        }
    }
}

/// Ends a process and those that it has started.
pub fn end_tree(id: u32) {
    let below = children(id);
    kill(id);
    below.into_iter().for_each(end_tree);
}

fn name(id: u32) -> String {
    let name = std::fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
    name.trim().to_string()
}

/// The children of every thread of a process.
fn children(id: u32) -> Vec<u32> {
    std::fs::read_dir(format!("/proc/{id}/task"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|list| {
            list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<u32>>()
        })
        .collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_tree_is_found_and_ended() {
        let mut shell =
            Command::new("sh").args(["-c", "sleep 60 & sleep 60; true"]).spawn().unwrap();
        let start = std::time::Instant::now();
        while children(shell.id()).len() < 2 && start.elapsed().as_secs() < 20 {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let below = children(shell.id());
        assert_eq!(below.len(), 2);
        assert!(children(std::process::id()).contains(&shell.id()));
        assert!(!stop(shell.id()), "no cargo there");
        end_tree(shell.id());
        assert!(!shell.wait().unwrap().success());
        while below.iter().any(|id| name(*id) == "sleep" && !is_zombie(*id)) {
            assert!(start.elapsed().as_secs() < 40);
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    fn is_zombie(id: u32) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'))
    }
}
