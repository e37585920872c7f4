"""The specs: one YAML file an equation, <group>/<id>.yaml, and lectures.yaml."""
