"""The stages that `study.py` composes: each takes records of the rooms below and gives records to the next."""
