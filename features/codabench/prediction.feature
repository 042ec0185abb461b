Feature: Scoring implies a prediction
  What is judged is what the program predicted: whole, and in the storage before anyone says that it can be judged.

  Background:
    Given the stack "codabench"

  @C6
  Scenario: the storage does not take the prediction at first
    Given the call "upload prediction" answers 503 the first 2 times for each submission
    When "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds

  @C6
  Scenario: the connection breaks while the prediction is stored
    Given the call "upload prediction" is refused the first time for each submission
    When "submit" runs 10 times with 4 clients
    And every submission is final within 60s
    Then every invariant holds
