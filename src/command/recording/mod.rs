//! Recordings, read.

pub mod archive;
pub mod file;
pub mod finished;
pub mod follower;
pub mod frozen;
pub mod live;
pub mod place;
pub mod time;
