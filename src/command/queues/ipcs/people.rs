//! The names of users and groups, each looked up once.

use super::columns::{Names, Row};
use crate::command::show::structures::QueueData;
use nix::unistd::{Gid, Group, Uid, User};
use std::collections::HashMap;

/// Whom we know.
#[derive(Default)]
pub struct People {
    users: HashMap<u32, Option<String>>,
    groups: HashMap<u32, Option<String>>,
}

impl People {
    /// A queue with the names of those that it belongs to.
    pub fn row(&mut self, msqid: i32, data: QueueData) -> Row {
        let perm = &data.msg_perm;
        let names = Names {
            user: self.user(perm.uid),
            group: self.group(perm.gid),
            creator: self.user(perm.cuid),
            creators_group: self.group(perm.cgid),
        };
        Row { msqid, data, names }
    }

    fn user(&mut self, uid: u32) -> Option<String> {
        let look_up = || Some(User::from_uid(Uid::from_raw(uid)).ok()??.name);
        self.users.entry(uid).or_insert_with(look_up).clone()
    }

    fn group(&mut self, gid: u32) -> Option<String> {
        let look_up = || Some(Group::from_gid(Gid::from_raw(gid)).ok()??.name);
        self.groups.entry(gid).or_insert_with(look_up).clone()
    }
}
