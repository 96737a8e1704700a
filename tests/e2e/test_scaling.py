"""What ranks send is what the model of docs/scaling.md says."""

import os
import sys

import case

sys.path.insert(0, os.path.join(os.environ["RFMPI_SOURCE"], "bench"))

import model  # noqa: E402

EVENTS_A_RANK = 60_000
WITHIN = 0.15
FEW = 8


@case.needs_ranks
class Scaling(case.Case):
    def measure(self, ranks):
        events = ranks * EVENTS_A_RANK
        place = self.dir / f"events-{ranks}"
        self.rfmpi("generate", "--events", str(events), "--days", "30", "--shape", "log", "--out", str(place), ranks=ranks)
        out = self.dir / f"run-{ranks}"
        self.rfmpi("prepare", str(case.SOURCE / "bench/pipeline.yml"), "--set", f"input.paths=[{place}/part-*.csv]",
                   "--set", f"output.dir={out}", "--set", "output.state=true", ranks=ranks)
        return case.read_report(out)["traffic"], model.Batch(model.Work(events), ranks, 1)

    def test_bytes_and_messages_of_a_rank(self):
        for ranks in (2, 4, 8):
            traffic, batch = self.measure(ranks)
            sent = traffic["message_bytes"] / ranks
            self.assertLess(abs(sent / batch.sent() - 1), WITHIN, f"{ranks} ranks: {sent:.0f}, {batch.sent():.0f}")
            # A round more or less, and what comes up a tree beside the exchange.
            more = traffic["n_messages_max"] - batch.messages()
            self.assertTrue(-ranks < more < ranks + FEW, f"{ranks} ranks: {traffic['n_messages_max']}, {batch.messages()}")
            self.assertLess(traffic["n_collectives_max"], model.COLLECTIVES)


if __name__ == "__main__":
    case.main()
