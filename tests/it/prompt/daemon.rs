//! Dialogues with a real daemon: while it hangs, while something copies, at a console.

use std::time::Duration;

use super::player::Player;
use crate::support::lab::empty_domain_xml;
use crate::support::{Daemon, DiskGuest, Need, Virhai, lab_or_skip, turn, within};

/// The prompt of the daemon's QEMU driver.
const PROMPT: &str = "qemu+unix:///system>";

#[test]
fn while_a_daemon_hangs_every_key_is_answered_and_ctrl_c_gives_the_prompt_back() {
    lab_or_skip!(Need::Qemu);
    let daemon = Daemon::start();
    daemon.define_empty("pd-one");
    daemon.define_empty("pd-two");
    let player = Player::open(Virhai::new().connect(&daemon.uri()), PROMPT);
    let _alone = turn::alone();
    player.play(&format!(
        "# names are known while it answers\n> let n = 41; domains().len()<Enter>\n  2\n> domain(\"pd-o<Tab>\n  {PROMPT} domain(\"pd-one\"…"
    ));
    daemon.stop_signal();
    let begun = std::time::Instant::now();
    player.play(&format!(
        "# Tab does not wait for it\n> domain(\"pd-t<Tab>).st<Tab>\n  {PROMPT} domain(\"pd-two\").st…\n\
         # nor does one of a line of virsh\n> dominfo pd-<Tab>x<C-u>1 + 1<Enter>\n  2"
    ));
    within(begun.elapsed(), Duration::from_secs(4));
    for blocked in
        ["domains()", "list --all", "domain(\"pd-one\").start()", "domain(\"pd-one\").wait(\"running\", 60)"]
    {
        player.play(&format!("# it hangs in {blocked}\n> {blocked}<Enter>\n  {PROMPT} {blocked}"));
        // The call is under way: nothing else is seen of it.
        std::thread::sleep(Duration::from_millis(300));
        player.terminal.keys(&["C-c"]);
        within(player.wait("the prompt", |screen| screen.ends_with(PROMPT)), Duration::from_secs(1));
    }
    player.play("# everything is still there\n> n + 1<Enter>\n  42");
    daemon.cont_signal();
    player.play("# and so is the daemon\n> domains().len() + 70<Enter>\n  72");
    daemon.kill9();
    daemon.again();
    player.play("# a lost daemon is told once, and opened again\n> n + 2<Enter>\n  43\n> domains().len() + 80<Enter>\n  82");
    assert!(player.terminal.whole_screen().matches("was lost").count() <= 1);
}

#[test]
fn ctrl_c_ends_the_waiting_for_a_copy_and_takes_the_bar_away() {
    lab_or_skip!(Need::Qemu, Need::Program("qemu-io"));
    let daemon = Daemon::start();
    let guest = DiskGuest::start(&daemon, "pd-copy", 1);
    for mib in 0..12 {
        guest.write(0, 0x11, mib);
    }
    let player = Player::open(Virhai::new().connect(&daemon.uri()), PROMPT);
    let copy = guest.file("copy").display().to_string();
    player.play(&format!(
        "# a copy shows a bar with a rate\n\
         > let vm = domain(\"pd-copy\"); let slow = #{{ transient_job: true, bandwidth: \"64KiB\", buf_size: 65536 }};<Enter>\n\
         > let job = vm.block_copy(\"vda\", \"{copy}\", slow); job.wait()<Enter>\n  …%…iB/s…\n\
         > <C-c>\n  error: …\n  …\n  {PROMPT}\n\
         # the job goes on\n> job.state<Enter>\n  running\n> job.abort();<Enter>vm.block_job_info(\"vda\") == ()<Enter>\n  true"
    ));
}

#[test]
fn a_console_is_entered_and_left() {
    lab_or_skip!(Need::Qemu);
    let daemon = Daemon::start();
    let serial = "<devices><serial type='pty'/></devices></domain>";
    daemon.define("define", &empty_domain_xml("pd-console").replace("</domain>", serial));
    daemon.virsh(&["start", "pd-console"]);
    let player = Player::open(Virhai::new().connect(&daemon.uri()), PROMPT);
    player.play(&format!(
        "# as a method, with Ctrl-C for the guest\n> domain(\"pd-console\").console()<Enter>\n  Connected to …\n\
         > typed for the guest<C-c>\n> <C-]>\n  {PROMPT}\n> 6 * 7<Enter>\n  42\n\
         # as a command of virsh\n> console pd-console<Enter>\n  Connected to domain 'pd-console'\n\
         > <C-]>\n  {PROMPT}\n> 6 * 8<Enter>\n  48"
    ));
}
