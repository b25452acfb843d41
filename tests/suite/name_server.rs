//! A name server on loopback with configured replies.

use std::collections::{BTreeSet, HashMap};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread;

use hickory_resolver::proto::op::{Message, MessageType, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, CNAME, SRV, TXT};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

/// The reply to a question.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Each as in a zone file: `SRV 0 1 993 imap.example.net.`
    Records(Vec<String>),
    /// The name exists without a record of the type.
    NoData,
    Code(ResponseCode),
    Silence,
}

pub struct NameServer {
    pub address: SocketAddr,
    /// The names that were asked for.
    pub asked: Arc<Mutex<BTreeSet<String>>>,
    socket: Arc<UdpSocket>,
    thread: Option<thread::JoinHandle<()>>,
}

impl NameServer {
    /// Replies by name and type (`imap.example.net SRV`). Other names do not exist.
    pub fn start(zone: impl IntoIterator<Item = (String, Reply)>) -> Self {
        let zone: HashMap<String, Reply> = zone.into_iter().collect();
        let socket = Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
        let receiver = Arc::clone(&socket);
        let asked = Arc::new(Mutex::new(BTreeSet::new()));
        let names = Arc::clone(&asked);
        let thread = thread::spawn(move || {
            let mut buffer = [0; 4096];
            // An empty datagram stops the server.
            while let Ok((length @ 1.., peer)) = receiver.recv_from(&mut buffer) {
                let question = Message::from_vec(&buffer[..length]).unwrap();
                names.lock().unwrap().insert(name(&question));
                if let Some(answer) = answer(&zone, &question) {
                    receiver.send_to(&answer, peer).unwrap();
                }
            }
        });
        Self { address: socket.local_addr().unwrap(), asked, socket, thread: Some(thread) }
    }

    /// Serves a zone file, with some replies replaced.
    pub fn of_zone(zone: &str, replaced: &[(&str, Reply)]) -> Self {
        let mut sets: HashMap<String, Reply> = HashMap::new();
        for line in zone.lines().filter(|line| !line.starts_with(';') && !line.is_empty()) {
            let mut words = line.split_whitespace();
            let name = words.next().unwrap().trim_end_matches('.').to_owned();
            let [_ttl, _class, kind] = [(); 3].map(|()| words.next().unwrap());
            let data = format!("{kind} {}", words.collect::<Vec<_>>().join(" "));
            match sets.entry(format!("{name} {kind}")).or_insert_with(|| Reply::Records(Vec::new())) {
                Reply::Records(records) => records.push(data),
                other => panic!("{other:?}"),
            }
        }
        sets.extend(replaced.iter().map(|(question, reply)| ((*question).to_owned(), reply.clone())));
        Self::start(sets)
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.socket.send_to(&[], self.address).unwrap();
        self.thread.take().map(thread::JoinHandle::join);
    }
}

fn name(question: &Message) -> String {
    question.queries[0].name.to_ascii().trim_end_matches('.').to_lowercase()
}

fn answer(zone: &HashMap<String, Reply>, question: &Message) -> Option<Vec<u8>> {
    let query = question.queries[0].clone();
    let name = name(question);
    let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
    answer.metadata.message_type = MessageType::Response;
    answer.metadata.recursion_desired = true;
    answer.metadata.recursion_available = true;
    let add = |answer: &mut Message, records: &[String]| {
        for record in records {
            answer.add_answer(Record::from_rdata(query.name.clone(), 60, data(record)));
        }
    };
    match zone.get(&format!("{name} {}", query.query_type)) {
        Some(Reply::Records(records)) => add(&mut answer, records),
        Some(Reply::NoData) => {}
        Some(Reply::Code(code)) => answer.metadata.response_code = *code,
        Some(Reply::Silence) => return None,
        None => {
            // A reply with a CNAME includes the records of its target.
            let cname = zone.get(&format!("{name} CNAME"));
            match cname {
                Some(Reply::Records(records)) if query.query_type != RecordType::CNAME => {
                    add(&mut answer, records);
                    let target = records[0].split(' ').nth(1).unwrap().trim_end_matches('.');
                    if let Some(Reply::Records(records)) = zone.get(&format!("{target} {}", query.query_type))
                    {
                        for record in records {
                            let name = Name::from_ascii(format!("{target}.")).unwrap();
                            answer.add_answer(Record::from_rdata(name, 60, data(record)));
                        }
                    }
                }
                _ => {
                    let exists = zone.keys().any(|key| key.starts_with(&format!("{name} ")));
                    if !exists {
                        answer.metadata.response_code = ResponseCode::NXDomain;
                    }
                }
            }
        }
    }
    answer.add_query(query.clone());
    Some(answer.to_vec().unwrap())
}

fn data(record: &str) -> RData {
    let (kind, data) = record.split_once(' ').unwrap();
    let words: Vec<_> = data.split(' ').collect();
    let name = |text: &str| Name::from_ascii(text).unwrap();
    let number = |at: usize| words[at].parse::<u16>().unwrap();
    match kind {
        "SRV" => RData::SRV(SRV::new(number(0), number(1), number(2), name(words[3]))),
        // Each part in quotes is a string.
        "TXT" => {
            let strings = data.split('"').skip(1).step_by(2).map(str::to_owned).collect();
            RData::TXT(TXT::new(strings))
        }
        "CNAME" => RData::CNAME(CNAME(name(data))),
        "A" => RData::A(A(data.parse().unwrap())),
        "AAAA" => RData::AAAA(AAAA(data.parse().unwrap())),
        other => panic!("{other}"),
    }
}
