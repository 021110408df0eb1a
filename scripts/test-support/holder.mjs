// Holds connections to a port open: node holder.mjs PORT COUNT [BEGINNING]. It sends BEGINNING on each, reads nothing, and tells by
// messages how many are open and how many the other side has closed.
import { connect } from "node:net";

const [port, count, beginning = ""] = process.argv.slice(2);
/** Connections that are on their way at once: the port's backlog is short. */
const together = 100;
let opened = 0;
let closed = 0;
let started = 0;

const timer = setInterval(() => process.send?.({ opened, closed }), 50);

function openNext() {
  if (started === Number(count)) return;
  started++;
  const socket = connect(Number(port), "127.0.0.1");
  let isOpen = false;
  socket.once("connect", () => {
    isOpen = true;
    opened++;
    if (beginning === "") socket.resume();
    else socket.write(beginning);
    openNext();
  });
  socket.on("error", () => {});
  socket.once("close", () => {
    if (isOpen) closed++;
    else {
      started--;
      openNext();
    }
  });
}
for (let i = 0; i < together; i++) openNext();
process.on("disconnect", () => {
  clearInterval(timer);
  process.exit();
});
