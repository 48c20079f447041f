//! The facts about Bitrix24's REST, asked of a running sandbox byte by byte, by code that shares nothing with the product's client.

mod batch;
mod client;
mod import;
mod links;
mod pages;
mod refusals;
mod seed;
mod values;
