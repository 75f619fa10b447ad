"""Ready-made tools, made of millstream's public names only. Each is configured by its owner, never by the model.

    from millstream_tools.search import TextSearch     # search_text: plain text in the files of one folder
    from millstream_tools.sql import Database          # query_sql, describe_tables: one SQLite file, read-only
    from millstream_tools.calc import calculate        # calculate: exact arithmetic
    from millstream_tools.archive import Archiver      # pack_folder: a folder into a .tar.xz, with progress
    from millstream_tools.fetch import Fetch           # fetch: GET from the origins that are allowed

    agent = Agent("openai:gpt-5.1", tools=[TextSearch("logs"), Database("shop.db"), calculate])

`millstream_tools.demo_world` makes logs, a database and a status page to try them on.
"""
