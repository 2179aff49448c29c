//! `virhai job logs`: what runs wrote, also before they end.

use std::time::Duration;

use super::World;
use crate::support::eventually;

/// A job that writes a line, waits for a file and writes another one.
fn in_two_parts() -> World {
    let world = World::new(&[], "");
    let code = format!(
        "print(\"first part\"); while !fs::exists(\"{}\") {{ sleep(0.02) }} print(\"rest\")",
        world.path("go on").display()
    );
    world.write(&[], &code);
    world
}

fn logged(world: &World) -> String {
    world.virhai().args(["job", "logs", "night"]).any_stdout().run().stdout()
}

#[test]
fn what_a_run_wrote_so_far_is_there_while_it_goes_on_and_after_it_was_killed() {
    let world = in_two_parts();
    let started = world.run(&[]).any_stdout().status(137).start();
    started.running.wait_for_stdout("first part");
    eventually(Duration::from_secs(20), "the output in the record", || {
        logged(&world).ends_with(": running\nfirst part\n").then_some(())
    });
    started.running.signal("KILL");
    started.finish();
    let text = logged(&world);
    assert!(text.contains(": interrupted") && text.ends_with("\nfirst part\n"), "{text}");
}

#[test]
fn followed_logs_go_on_with_what_comes_and_with_the_next_run() {
    let world = in_two_parts();
    let first = world.run(&[]).any_stdout().start();
    first.running.wait_for_stdout("first part");
    let script = world.script();
    let logs = ["job", "logs", "-f", script.to_str().unwrap()];
    let follower = world.virhai().args(logs).any_stdout().any_stderr().status(130).start();
    follower.running.wait_for_stdout(": running\nfirst part\n");
    std::fs::write(world.path("go on"), "").unwrap();
    first.finish();
    follower.running.wait_for_stdout("rest\n");
    follower.running.wait_for_stdout(", status 0\n");
    world.run(&[]).any_stdout().run();
    follower.running.wait_for_stdout("== run 2,");
    follower.running.signal("INT");
    let text = follower.finish().stdout();
    assert_eq!(text.matches("first part\n").count(), text.matches("rest\n").count(), "{text}");
    assert_eq!(text.matches("== run 1,").count(), 2, "its beginning and its end: {text}");
}

#[test]
fn logs_that_cannot_be_followed_say_why() {
    let world = World::new(&[], "print(1)");
    let logs =
        |args: &[&str]| world.virhai().args(["job", "logs"]).args(args).status(2).any_stderr().run().stderr();
    assert!(logs(&["-f", "night"]).contains("no run of a job \"night\" is in the record"));
    assert!(logs(&["-f", "-o", "json", "night"]).contains("`--follow` shows text only"));
}
