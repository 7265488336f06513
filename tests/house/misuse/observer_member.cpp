// says: "an observer's on_epoch is called with (training_step&, const training_run&) or with (training_step&), and
// returns nothing or whether the run goes on"
//
// Its other member is right.
struct my_observer {
    void on_step(const preflearn::training_step&) {}
    void on_epoch(int) {}
};
const preflearn::training_options options{.observers = {my_observer{}}};
