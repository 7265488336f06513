// says: "Jeffreys' prior is offered for the board alone, without features and judges"
#include <preflearn/ranking/model/game_model.hpp>

preflearn::game_model model{.board = preflearn::bradley_terry_model{.prior = preflearn::jeffreys_prior{}},
                            .features = preflearn::game_features{}};
